"""The commands of `ebb`, one a file."""
