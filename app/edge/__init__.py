"""The edge: the checks before each view, and the processing of each response."""
