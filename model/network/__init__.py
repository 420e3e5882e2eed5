"""A network by its layers: how they record their equations, and how a trained one is frozen, folded and explained."""
