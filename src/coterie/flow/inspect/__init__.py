"""Stage: what the raw keys of streams look like, for people who map them."""
