"""`fcpin resolve`."""

from collections.abc import Mapping

import click

from fcpin.cli.options import RegistryOptions, registry_options
from fcpin.cli.query import Query, exit_status, pin_of, query_options, write_selection


@click.command()
@query_options()
@registry_options(required=True)
def command(query: Query, registry: RegistryOptions) -> int:
    """Choose a tag from the tags of a repository, and read its digest.

    Credentials come from docker's config.json (docker login); those for the APIs of ACR from Alibaba Cloud's default
    chain.
    """
    from fcpin.cli.remote import Remote  # the clients of registries and of Alibaba Cloud: a third of a second

    pin: Mapping[str, str | None]
    remote, current = Remote.of(registry), query.current
    selection = query.select(remote.rank(query))
    if selection.chosen is None:
        kept = remote.image(current) if current and selection.keep else None
        pin = {**pin_of(selection, current), "image": kept}
    else:
        pin = remote.pin(query.policy, selection, selection.chosen.tag)
    write_selection(pin, selection)
    return exit_status(selection)
