"""Rate limits as Braze counts and announces them."""
