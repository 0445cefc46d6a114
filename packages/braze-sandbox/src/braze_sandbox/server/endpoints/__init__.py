"""Braze's calls, a module for each family."""
