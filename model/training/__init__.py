"""Training: a spec and a design become a program of calls, which runs epoch by epoch."""
