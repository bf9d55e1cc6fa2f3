"""Options that several commands share."""

from argparse import ArgumentParser, ArgumentTypeError


def add_policy(parser: ArgumentParser, *, required: bool = True) -> None:
    """A policy, and the circumstances in which it is to decide: see Question."""
    parser.add_argument("--policy", required=required, metavar="JSON", help="the policy, or @FILE to read it from")
    parser.add_argument("--current", metavar="TAG", help="the tag that is deployed now")
    parser.add_argument("--now", metavar="TIME", help="decide as of this time, such as 2026-12-01T00:00:00Z")
    parser.add_argument("--min-age-bypass", action="store_true", help="leave the policy's min_age out, this once")


def add_repository(parser: ArgumentParser, *, required: bool) -> None:
    """A repository, and where to ask for it: see Remote."""
    parser.add_argument("--repository", metavar="REF", required=required, help="host/namespace/name, without a tag")
    parser.add_argument("--endpoint", metavar="URL", help="ask this registry instead of the repository's host")
    parser.add_argument("--cr-endpoint", metavar="HOST", help="ask this endpoint of ACR's API")
    parser.add_argument("--plain-http", action="store_true", help="speak http to the repository's host")


def count(text: str) -> int:
    """A number of things. Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ArgumentTypeError(f"{text[:40]!r} is no number")
    return int(text)


def positive(text: str) -> int:
    """A number that is not 0. Raises ArgumentTypeError."""
    if (number := count(text)) == 0:
        raise ArgumentTypeError("expected more than 0")
    return number
