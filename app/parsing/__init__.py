"""Parsing: from the bytes of a request to typed values, or to problems with their pointers."""
