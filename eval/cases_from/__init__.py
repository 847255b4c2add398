"""Where cases come from: the knowledge base, production, and the person who accepts them."""
