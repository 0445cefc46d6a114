"""Stage: files that become events."""
