"""Keys of what a job remembers of its work."""

EDITION = "edition"
"""Counts the changes of a job, so that no runner writes an older one's progress."""

PROGRESS = "progress"
"""How far the file under way has come."""
