"""From a push to its deployment: accepts webhooks of registries, and converges the stacks whose pins they concern."""
