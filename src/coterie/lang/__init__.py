"""The two languages of a customer data platform, as pure functions from text to values."""
