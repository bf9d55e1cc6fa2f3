"""Container Registry Enterprise Edition (API version 2018-12-01)."""
