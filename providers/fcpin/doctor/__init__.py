"""Look at everything that a deployment needs, and say of each what is wrong and what to do. Changes nothing."""
