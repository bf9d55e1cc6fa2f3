"""How long fcpin takes, with the ratio to the least that the same machine needs in the same run: `make bench`."""
