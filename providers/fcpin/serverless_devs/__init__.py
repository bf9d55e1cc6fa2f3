"""Adopt functions that exist: those of a region (`fcpin import`), and those of an s.yaml (`fcpin s-import`)."""
