"""The training machine: a spec and a design become a program of calls, run epoch by epoch."""
