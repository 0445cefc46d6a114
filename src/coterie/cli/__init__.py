"""Doors for a shell."""
