"""From a request to a dataset or a job: receives uploads, checks training requests, publishes jobs."""
