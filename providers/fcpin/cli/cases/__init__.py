"""Cases of a policy: users' own unit tests, in YAML, of what is chosen of which tags."""

from fcpin.cli.cases.case import Case
from fcpin.cli.cases.read import read_cases

__all__ = ["Case", "read_cases"]
