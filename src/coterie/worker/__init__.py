"""Door for time: the flow's loop, due flips, due jobs."""
