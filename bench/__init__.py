"""How long fcpin takes, beside the least that the same machine needs in the same run: `make bench`."""
