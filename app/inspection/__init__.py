"""Looking into an uploaded table, in a process of its own that may take little memory and time.

A hostile or a very large table so costs the web process neither: `inspector` starts that process, which is `child`.
"""
