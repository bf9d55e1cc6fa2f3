"""Pin tags in registries: made for the images that protected functions run, removed by `fcpin prune`."""
