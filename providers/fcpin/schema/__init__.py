"""JSON schemas of what users write: editors complete it, and tell mistakes while it is written (draft 7)."""

from fcpin.schema.policy import policy_schema
from fcpin.schema.stack import stack_schema

__all__ = ["policy_schema", "stack_schema"]
