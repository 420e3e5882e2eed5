"""The task queues that are compared with Ebb: one module each, with workers as separate programs."""
