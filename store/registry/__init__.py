"""The registry: registered models, their immutable numbered versions, and aliases that point at them."""
