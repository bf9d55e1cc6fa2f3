"""What must not be lost: jobs, proposals, deployments and the freeze, in SQLite or Redis."""
