"""`fcpin schema`."""

import json

import click


@click.command()
@click.argument(
    "kind", metavar="[stack|functions|policy]", type=click.Choice(("stack", "functions", "policy")), default="stack"
)
def command(kind: str) -> None:
    """Print a JSON schema (draft 7, as YAML editors read it).

    Of stacks/Pulumi.<stack>.yaml (stack, the default), of a file of fcpin:functionFiles (functions), or of the
    dictionary that --policy takes (policy).
    """
    from fcpin.schema import functions_schema, policy_schema, stack_schema

    schema = {"stack": stack_schema, "functions": functions_schema, "policy": policy_schema}[kind]()
    click.echo(json.dumps(schema, indent=2))
