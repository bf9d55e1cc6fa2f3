"""The receiver: senders, ledger, work, page."""
