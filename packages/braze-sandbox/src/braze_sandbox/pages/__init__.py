"""The pages for a person in front of a browser."""
