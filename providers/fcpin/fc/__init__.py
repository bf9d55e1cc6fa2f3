"""Function Compute 3.0: what a function is, how to ask for one, when it is ready."""
