"""Braze over its REST API."""
