"""What may be written after `fcpin`."""

import argparse
from collections.abc import Sequence

from fcpin import __version__
from fcpin.cli.commands import COMMANDS

_EPILOG = """\
examples:
  printf 'main-2\\nmain-11\\n' | fcpin select --policy '{"family": {"name": "main"}}'
  fcpin explain --repository registry.cn-hangzhou.aliyuncs.com/shop/app --policy @policy.json --current main-2
  fcpin drift --stack prod

exit status: 0 a tag was chosen or the current one is kept, 1 the registry failed, 2 wrong policy or input,
             3 no tag qualifies
"""


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """One command (`command`, with its `run`) and its options.

    Raises SystemExit with status 2 and the usage, or with 0 for `--help` and `--version`.
    """
    parser = argparse.ArgumentParser(
        prog="fcpin",
        description="Keep functions on the newest image of a tag family, as the PinnedFunction resource does.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"fcpin {__version__}")
    parsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for command in COMMANDS:
        options = parsers.add_parser(command.name, help=command.help, description=command.description)
        command.add_options(options)
        options.set_defaults(run=command.run)
    return parser.parse_args(argv)
