"""Inspects an uploaded table in a process of its own, within limits of memory and time.

So a hostile or very large table takes neither from the web process.
`inspector` starts that process, and `child` runs in it.
"""
