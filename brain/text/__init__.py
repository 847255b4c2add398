"""Reading text: which language it is in, where its sentences end, which terms it is indexed under."""
