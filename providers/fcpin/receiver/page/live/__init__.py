"""What changes while somebody looks: server-sent events."""
