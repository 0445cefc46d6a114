"""Stage: raw events become fields with identifiers."""
