"""One self-contained HTML page of what a publication says."""
