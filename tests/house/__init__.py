"""The habits of the house, as assertions over the source."""
