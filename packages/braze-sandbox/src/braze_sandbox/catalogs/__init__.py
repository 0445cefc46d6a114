"""Catalogs: tables that messages look things up in."""
