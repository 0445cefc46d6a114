"""One outside system each: how it is spoken to, and what its answers mean."""
