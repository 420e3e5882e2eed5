"""Inspects an uploaded table in a process of its own, within limits of memory and time.

So a hostile or very large table uses neither memory nor time of the web process. `inspector` starts the process;
`child` runs in it.
"""
