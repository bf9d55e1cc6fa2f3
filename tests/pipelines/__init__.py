"""Image-build pipelines as documents, and in a user's words."""
