"""Check everything that a deployment needs, and report what is wrong and what to do. Changes nothing."""
