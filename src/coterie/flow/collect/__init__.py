"""Collect: what arrives at a door becomes events, or refusals that are kept."""
