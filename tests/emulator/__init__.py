"""The emulator, as its clients see it: the untouched SDKs, skopeo, docker-registry and plain HTTP."""
