"""Ebb's command line, and the demonstration: where the model, the store and the service meet."""
