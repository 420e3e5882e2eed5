"""Real servers for the tests, installed from wheels and removed at the end."""
