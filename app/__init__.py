"""The HTTP service.

A request passes `server` (gunicorn and the application), `edge` (access, limits, parsing, problems) and `routing` (the
URL map and the table of routes) to its view in `views`. A view calls `scoring` (customers to scores), `submission`
(requests to datasets and jobs) or `streams` (events of a job). `inspection` reads uploads in a process of its own.
`schemas` holds the structs of requests and answers, of which `openapi` makes the document. `metrics` counts.
"""
