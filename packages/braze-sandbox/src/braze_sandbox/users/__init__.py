"""What the endpoints under /users and /subscription do to users."""
