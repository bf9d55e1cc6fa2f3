"""Who tells of pushes: one file a sender, which validates and parses what it sends."""
