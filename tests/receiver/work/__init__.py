"""The work: a job from its wake-up to its end."""
