"""Frozen structs that pass between modules."""
