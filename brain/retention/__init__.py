"""How long what people asked and said is kept (`purging`), and how one person's is erased before that (`erasing`)."""
