"""The mathematics: columns, networks and the training that fits them, in NumPy alone."""
