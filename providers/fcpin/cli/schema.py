"""`fcpin schema`."""

import json

import click


@click.command()
@click.argument(
    "kind",
    metavar="[stack|functions|policy|cases]",
    type=click.Choice(("stack", "functions", "policy", "cases")),
    default="stack",
)
def command(kind: str) -> None:
    """Print a JSON schema (draft 7, as YAML editors read it).

    Of stacks/Pulumi.<stack>.yaml (stack, the default), of a file of fcpin:functionFiles (functions), of the
    dictionary that --policy takes (policy), or of a file for fcpin test-policy (cases).
    """
    from fcpin.cli.cases import cases_schema
    from fcpin.policy.policy import policy_schema
    from fcpin.schema import functions_schema, stack_schema

    schemas = {"stack": stack_schema, "functions": functions_schema, "policy": policy_schema, "cases": cases_schema}
    click.echo(json.dumps(schemas[kind](), indent=2))
