"""The HTTP service.

A request passes `server` (gunicorn, the application and its URL map), `edge` (request id, log, problems), `access`
(keys and scopes), `limits` and `parsing` to its view in `views`. A view gets the `services` that it calls: `scoring`
(customers to scores), `submission` (requests to datasets and jobs), the `publisher` of jobs, `streams` (events of a
job). `inspection` reads uploads in a process of its own. `routing` declares what a route is, `schemas` holds the
structs of requests and answers; `openapi` makes the document of both. `metrics` counts.
"""
