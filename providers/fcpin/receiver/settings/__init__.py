"""The receiver's configuration: one YAML file, read whole before anything starts."""
