"""What the receiver answers over HTTP: hooks, health, metrics and the page."""
