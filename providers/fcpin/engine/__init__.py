"""An embedded, offline engine for Pulumi programs whose resources are Python dynamic resources.

    fcpin engine preview|up|refresh|destroy|stack|cancel

It runs the same program and the same `pulumi.dynamic` plugin process as the Pulumi CLI does, and keeps the state in
the CLI's own checkpoint file of a file:// backend, so that the CLI can take the stack over at any time, and back.
"""
