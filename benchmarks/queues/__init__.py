"""Who runs a job beside Ebb: one task queue a file, each worker started as a program of its own."""
