"""Runs jobs: one module a kind."""
