"""Event streams: how many there may be, how they are written, and when their readers have gone."""
