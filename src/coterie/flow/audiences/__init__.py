"""Stage: profiles meet audience definitions."""
