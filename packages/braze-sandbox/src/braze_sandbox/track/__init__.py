"""What POST /users/track does."""
