"""`fcpin tags`."""

import json
import sys
from collections.abc import Mapping

import click

from fcpin.cli.options import RegistryOptions, registry_options
from fcpin.cli.query import Query, query_options
from fcpin.image import TagRecord


@click.command()
@registry_options(required=True)
@query_options(required=False)
def command(registry: RegistryOptions, query: Query | None) -> None:
    """List the tags of a repository, in the form that select, explain and test-policy read.

    One JSON object a line: tag, and digest, pushed, created and status where they are known. With --policy the build
    times that this policy needs are read from the images.
    """
    from fcpin.cli.remote import Remote

    remote = Remote.of(registry)
    tags = remote.every_tag() if query is None else remote.rank(query).listing.values()
    sys.stdout.writelines(f"{json.dumps(_fields(record))}\n" for record in sorted(tags, key=lambda record: record.tag))


def _fields(record: TagRecord) -> Mapping[str, str]:
    """What is known; the status only where it is not NORMAL."""
    fields = {
        "tag": record.tag,
        "digest": record.digest,
        "pushed": record.pushed.isoformat() if record.pushed else None,
        "created": record.created.isoformat() if record.created else None,
        "status": None if record.status == "NORMAL" else record.status,
    }
    return {key: value for key, value in fields.items() if value is not None}
