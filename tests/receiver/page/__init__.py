"""The page, in-process and in a browser."""
