"""Currents: a stream of what happened, to servers that ask for it."""
