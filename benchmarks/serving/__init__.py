"""The servers that are compared with Ebb: one module each, started as separate programs."""
