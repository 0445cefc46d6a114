"""Errors, settings, clock, ids, logs, metrics and sealing: what every layer may use."""
