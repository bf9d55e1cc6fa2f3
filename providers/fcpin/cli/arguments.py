"""What may be written after `fcpin`."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from fcpin import __version__

_EPILOG = """\
examples:
  printf 'main-2\\nmain-11\\n' | fcpin select --policy '{"family": {"name": "main"}}'
  fcpin explain --repository registry.cn-hangzhou.aliyuncs.com/shop/app --policy @policy.json --current main-2

exit status: 0 a tag was chosen or the current one is kept, 1 the registry failed, 2 wrong policy or input,
             3 no tag qualifies
"""
_TAGS = "Tags come on standard input: one per line, or JSON objects {tag, digest, pushed, created, status}."


@dataclass(frozen=True, slots=True)
class Arguments:
    """One command and its options."""

    command: str
    policy: str
    current: str | None
    now: str | None
    min_age_bypass: bool
    repository: str | None
    endpoint: str | None
    cr_endpoint: str | None
    plain_http: bool


def parse(argv: Sequence[str] | None) -> Arguments:
    """Raises SystemExit with status 2 and the usage, or with 0 for `--help` and `--version`."""
    parser = argparse.ArgumentParser(
        prog="fcpin",
        description="Select the newest tag of a tag family, as the PinnedFunction resource does.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fcpin {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    select = commands.add_parser("select", help="choose from tags on standard input; prints JSON", description=_TAGS)
    _policy_options(select)
    explain = commands.add_parser(
        "explain",
        help="the same as a table with a verdict for every tag",
        description=f"{_TAGS} With --repository they come from its registry.",
    )
    _policy_options(explain)
    _registry_options(explain, required=False)
    resolve = commands.add_parser(
        "resolve",
        help="choose from the tags of a repository; prints JSON with the image",
        description="Credentials come from docker's config.json (docker login); "
        "those for the API of ACR Enterprise from Alibaba Cloud's default chain.",
    )
    _policy_options(resolve)
    _registry_options(resolve, required=True)
    given = parser.parse_args(argv)
    if given.command == "select":
        given.repository = given.endpoint = given.cr_endpoint = None
        given.plain_http = False
    elif given.repository is None and (given.endpoint or given.cr_endpoint or given.plain_http):
        explain.error("--endpoint, --cr-endpoint and --plain-http need --repository")
    return Arguments(**vars(given))


def _policy_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--policy", required=True, metavar="JSON", help="the policy, or @FILE to read it from")
    parser.add_argument("--current", metavar="TAG", help="the tag that is deployed now")
    parser.add_argument("--now", metavar="TIME", help="decide as of this time, such as 2026-12-01T00:00:00Z")
    parser.add_argument("--min-age-bypass", action="store_true", help="leave the policy's min_age out, this once")


def _registry_options(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--repository", metavar="REF", required=required, help="host/namespace/name, without a tag")
    parser.add_argument("--endpoint", metavar="URL", help="ask this registry instead of the repository's host")
    parser.add_argument("--cr-endpoint", metavar="HOST", help="ask this endpoint of the API of ACR Enterprise")
    parser.add_argument("--plain-http", action="store_true", help="speak http to the repository's host")
