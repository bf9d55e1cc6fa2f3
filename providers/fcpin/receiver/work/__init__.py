"""A job from the push to its end: due, claimed, converged, retried or given up."""
