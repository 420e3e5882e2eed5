"""Labelled tables for the quality of answers: their folds, Ebb's answers and those of its peers."""
