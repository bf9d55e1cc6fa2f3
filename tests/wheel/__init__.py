"""The built wheel, where nothing of this repository is on the path."""
