"""Who is in a segment, asked anew each time."""
