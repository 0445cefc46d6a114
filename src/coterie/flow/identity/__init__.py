"""Stage: identifiers become persons."""
