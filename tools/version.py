#!/usr/bin/env python3
"""Set the version of the next release, or check that a tag names it.

tools/version.py 0.2.0         set fcpin.__version__; the changelog's *Unreleased* becomes the section of 0.2.0
tools/version.py --tag v0.2.0  fail unless 0.2.0 is that version and has a section

Exit status 0, or 1 with one line; then no file has changed.
"""

import argparse
import re
import sys
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULE = Path("providers/fcpin/__init__.py")
CHANGELOG = Path("CHANGELOG.md")
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(rc[1-9]\d*)?")
_ASSIGNED = re.compile(r'^__version__ = "(.+)"$', re.MULTILINE)
_UNRELEASED = re.compile(r"^## Unreleased\n+(?P<changes>.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)


class Refused(Exception):
    """What keeps the release from being made: where, what, what to do."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("version", nargs="?", metavar="VERSION", help="such as 0.2.0 or 0.2.0rc1")
    what.add_argument("--tag", metavar="TAG", help="such as v0.2.0")
    options = parser.parse_args()
    module, changelog = ((ROOT / file).read_text(encoding="utf-8") for file in (MODULE, CHANGELOG))
    try:
        if options.tag is not None:
            check(options.tag, module, changelog)
            return 0
        module, changelog = released(options.version, module, changelog, datetime.now(UTC).date().isoformat())
    except Refused as error:
        sys.stderr.write(f"version: {error}\n")
        return 1
    (ROOT / MODULE).write_text(module, encoding="utf-8")
    (ROOT / CHANGELOG).write_text(changelog, encoding="utf-8")
    sys.stdout.write(f"next: git commit -am 'Release {options.version}', make release, git tag v{options.version}\n")
    return 0


def released(version: str, module: str, changelog: str, date: str) -> tuple[str, str]:
    """Both files as they are in the release. Raises Refused."""
    if not _VERSION.fullmatch(version):
        raise Refused(f"expected MAJOR.MINOR.PATCH, got {version!r}")
    if _has_section(changelog, version):
        raise Refused(f"{CHANGELOG}: {version} was released already; choose a greater version")
    unreleased = _UNRELEASED.search(changelog)
    if unreleased is None or not unreleased["changes"].strip():
        raise Refused(f"{CHANGELOG}: there is nothing under `## Unreleased`; write what has changed")
    _assigned(module)
    start = unreleased.start("changes")
    changelog = f"{changelog[:start]}## {version} - {date}\n\n{changelog[start:]}"
    return _ASSIGNED.sub(f'__version__ = "{version}"', module), changelog


def check(tag: str, module: str, changelog: str) -> None:
    """Raises Refused unless *tag* is `v` and the version of *module*, which *changelog* has a section of."""
    version = _assigned(module)
    if tag != f"v{version}":
        raise Refused(f"the tag {tag!r} is not v{version}, the version of {MODULE}; tag the commit of that release")
    if not _has_section(changelog, version):
        raise Refused(f"{CHANGELOG}: {version} has no section; run `make version VERSION={version}` before the tag")


def _assigned(module: str) -> str:
    found = _ASSIGNED.findall(module)
    if len(found) != 1:
        raise Refused(f'{MODULE}: expected one line `__version__ = "…"`, got {len(found)}')
    return str(found[0])


def _has_section(changelog: str, version: str) -> bool:
    return re.search(rf"^## {re.escape(version)} - \d{{4}}-\d\d-\d\d$", changelog, re.MULTILINE) is not None


if __name__ == "__main__":
    sys.exit(main())
