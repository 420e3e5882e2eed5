"""Access control: which requests a server answers, and to whom."""
