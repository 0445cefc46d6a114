"""Stage: what each destination should hold, and what it was told."""
