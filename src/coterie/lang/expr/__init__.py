"""The expression language that LQL shares with FilterQL."""
