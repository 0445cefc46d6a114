"""Liquid as Braze extends it."""
