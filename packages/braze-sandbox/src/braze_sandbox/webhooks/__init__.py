"""Webhook campaigns."""
