"""Generated inputs of every kind, in process: no traceback, nothing slow, no file changed."""
