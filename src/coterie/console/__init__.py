"""The door for a browser: forms in, HTML out, no decisions."""
