"""The composition root: settings, then the store, then the planes, then the doors."""
