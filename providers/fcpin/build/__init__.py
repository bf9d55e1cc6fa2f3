"""Images that are built: whoever builds them, their tags and digests are read back from the registry."""
