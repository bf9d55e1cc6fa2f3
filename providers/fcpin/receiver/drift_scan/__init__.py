"""Regular looks at all functions: what a scan finds, how it is kept, and when scans run."""
