"""JSON schemas of what users write: editors complete it, and tell mistakes while it is written (draft 7)."""

from fcpin.policy.policy import policy_schema
from fcpin.schema.stack import functions_schema, stack_schema

__all__ = ["functions_schema", "policy_schema", "stack_schema"]
