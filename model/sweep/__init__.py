"""Sweeps: configurations of one spec compared by cross-validation, with successive halving."""
