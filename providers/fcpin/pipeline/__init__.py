"""Image-build pipelines of Serverless Devs as documents: read, judged, rendered. No I/O."""
