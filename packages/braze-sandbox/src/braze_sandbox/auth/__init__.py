"""REST keys, with the permissions they carry."""
