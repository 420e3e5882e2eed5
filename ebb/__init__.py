"""The command line, the client of the HTTP API, and the demonstration."""
