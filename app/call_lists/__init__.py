"""Call lists: the results of scoring jobs with a `call_list`, read for pages and written as CSV and XLSX."""
