"""The resource that is an image built from a commit."""
