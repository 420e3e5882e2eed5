"""The pages for people: HTML from the same functions as the API, with actions that are requests to the API."""
