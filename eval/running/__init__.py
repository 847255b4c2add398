"""A run: every case asked of every variant, each answer kept with its trace."""
