"""`fcpin select`."""

import click

from fcpin.cli import selection_json
from fcpin.cli.query import Query, query_options
from fcpin.cli.tag_input import TAG_FORMAT, read_stdin
from fcpin.policy import Ranking


@click.command(help=f"Choose from the tags on standard input.\n\n{TAG_FORMAT}")
@query_options()
def command(query: Query) -> int:
    selection = query.select(Ranking(query.policy, read_stdin()))
    selection_json.write_selection(selection_json.pin(selection, query.current), selection)
    return selection_json.status(selection)
