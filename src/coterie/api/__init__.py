"""The door for programs: collect, resources, health."""
