"""The page: what every function runs, what is under way, and the buttons."""
