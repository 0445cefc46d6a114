"""What the sandbox knows, in memory for speed with a SQLite file behind it."""
