"""Stage: what was different before becomes a stream of changes."""
