"""Settle by experiment what the documentation of Function Compute and ACR leaves open.

Everything happens on functions and tags of the probe's own, which it removes again.
"""
