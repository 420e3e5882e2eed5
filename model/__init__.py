"""The learning engine in NumPy: columns, networks, training, estimators and explanations."""
