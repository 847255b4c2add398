"""Whether the index is what its sources are, and making it so: `report` says what is compared, `compare` looks, `mend` writes."""
