"""A network of layers: recorded for training, frozen and folded for scoring, explained by path integrals."""
