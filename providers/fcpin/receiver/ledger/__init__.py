"""What must not be lost: jobs, proposals, history and switches, in SQLite or Redis."""
