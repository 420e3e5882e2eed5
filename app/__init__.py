"""Answers HTTP: the contract of docs/reference.md over what `store` remembers and `model` computes.

A request's way: `edge` (who asks, is it well-formed) → `views` (one subject a file) → `store` or `scoring` → `schemas`
(what is said). Every route is one line of a table, which the URL map and the OpenAPI document are both made from.
"""
