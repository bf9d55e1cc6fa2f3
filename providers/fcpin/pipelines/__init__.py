"""Image pipelines: documents of Serverless Devs, the Devs API, and builders that push an image for a commit."""
