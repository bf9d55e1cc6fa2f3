"""Serverless Devs (API version 2023-07-14): image-build pipelines."""
