"""From push to running: hears of pushes, and converges the stacks whose pins they concern."""
