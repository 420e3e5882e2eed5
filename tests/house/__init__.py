"""The rules of the code base, as tests of its source."""
