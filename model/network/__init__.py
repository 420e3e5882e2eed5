"""A network of layers: recorded for training, frozen and folded for scoring, and explained."""
