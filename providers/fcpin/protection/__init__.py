"""Pin tags in registries: made for the images that protected functions run, removed when nothing runs them any more."""
