"""The OCI distribution API with token authentication."""
