"""Serverless Devs (API version 2023-07-14): pipelines that build images."""
