"""Times as the checkpoint has them: RFC 3339 in UTC."""

from datetime import datetime


def rfc3339(moment: datetime) -> str:
    """*moment* is aware and in UTC."""
    return moment.isoformat().replace("+00:00", "Z")
