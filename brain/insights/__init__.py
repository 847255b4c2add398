"""What people asked in vain, grouped by meaning; which articles serve and which don't; answers whose articles have changed."""
