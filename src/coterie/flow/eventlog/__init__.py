"""The event log: appended to by doors in groups, read by workers lane by lane."""
