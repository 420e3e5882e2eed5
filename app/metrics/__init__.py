"""What Prometheus reads: requests, counted by the processes that answer them, and jobs, counted from the database."""
