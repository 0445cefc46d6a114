"""The door to destinations: one sender per authorization."""
