"""`fcpin select`."""

import click

from fcpin.cli.query import Query, exit_status, pin_of, query_options, write_selection
from fcpin.cli.tag_input import TAG_FORMAT, read_stdin
from fcpin.policy import Ranking


@click.command(help=f"Choose from the tags on standard input.\n\n{TAG_FORMAT}")
@query_options()
def command(query: Query) -> int:
    selection = query.select(Ranking(query.policy, read_stdin()))
    write_selection(pin_of(selection, query.current), selection)
    return exit_status(selection)
