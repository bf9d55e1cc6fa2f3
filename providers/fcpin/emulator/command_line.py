"""`fcpin emulator`: serve the emulator, or carry out a verb in one that is running."""

import inspect
import json
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_origin

import click

from fcpin.cli.group import DefaultGroup
from fcpin.emulator.knobs import Knobs, read_facts
from fcpin.emulator.remote import RemoteEmulator
from fcpin.emulator.server import Emulator, check_loopback
from fcpin.emulator.verbs import NAMES, Verbs
from fcpin.emulator.wire import EmulatorError

_DEFAULT_PORT: Final = 9900
_SIGNALS: Final = {signal.SIGINT, signal.SIGTERM}


class _EmulatorGroup(DefaultGroup):
    """Reports an EmulatorError as wrong usage: one line, exit status 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EmulatorError as error:
            raise click.UsageError(str(error), ctx) from None
        except OSError as error:
            raise click.UsageError(f"{error.filename or 'listening'}: {error.strerror or error}", ctx) from None


@click.group(cls=_EmulatorGroup, default="serve")
def command() -> None:
    """Serve Function Compute 3.0, ACR Enterprise Edition, pipelines and an OCI registry on this machine.

    Without a command: serve.
    """


@command.command()
@click.option(
    "--host", metavar="ADDRESS", default="127.0.0.1", help="Loopback address to serve on (default: 127.0.0.1)."
)
@click.option(
    "--port", type=click.IntRange(0, 65535), default=_DEFAULT_PORT, help="Port; 0 for a free one (default: 9900)."
)
@click.option("--state", type=click.Path(path_type=Path), metavar="FILE", help="Store the state in this file.")
@click.option("--knob", multiple=True, metavar="NAME=VALUE", help="Set undocumented behaviour; may be repeated.")
@click.option(
    "--facts",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Set the knobs as `fcpin probe` measured them; --knob overrides.",
)
@click.option(
    "--registry",
    multiple=True,
    metavar="HOST=URL",
    help="Registry for the images of HOST; may be repeated.",
)
@click.option(
    "--token-cert",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Write the certificate of the token server to this file.",
)
def serve(
    host: str,
    port: int,
    state: Path | None,
    knob: Sequence[str],
    facts: Path | None,
    registry: Sequence[str],
    token_cert: Path | None,
) -> None:
    """Serve until SIGINT or SIGTERM (default)."""
    check_loopback(host)
    found = read_facts(facts) if facts else Knobs()
    emulator = Emulator(knobs=Knobs.from_texts(knob, found), registries=_registries(registry), state=state)
    # Blocked before any thread starts, so that the signal reaches this thread only.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    if token_cert:
        token_cert.write_text(emulator.token_certificate)
    with emulator.serve(host, port) as cloud:
        click.echo(
            f"emulator ready: {cloud.url} (clients: endpoint {cloud.address}, protocol http, "
            f"ALIBABA_CLOUD_ACCESS_KEY_ID={cloud.access_key_id}, "
            f"ALIBABA_CLOUD_ACCESS_KEY_SECRET={cloud.access_key_secret}; "
            f"ACR instance {cloud.instance_id} at {cloud.enterprise_host}; "
            f"registry user {cloud.username}, password {cloud.password})"
        )
        signal.sigwait(_SIGNALS)


@command.command(epilog=f"Verbs: {', '.join(NAMES)}, calls, clear_calls, about. Their arguments: docs/emulator.md.")
@click.option("--url", default=f"http://127.0.0.1:{_DEFAULT_PORT}", help="URL of the emulator.")
@click.argument("name")
@click.argument("arguments", nargs=-1, metavar="[NAME=VALUE]...")
def verb(url: str, name: str, arguments: Sequence[str]) -> None:
    """Carry out a verb in a running emulator and print its result as JSON.

    A value is JSON, or plain text where the verb takes a string.
    """
    named = dict(_argument(name, text) for text in arguments)
    result = RemoteEmulator(url).call(name, **named)
    if result is not None:
        click.echo(json.dumps(result, indent=2, ensure_ascii=False))


def _registries(texts: Sequence[str]) -> dict[str, str]:
    registries = {}
    for text in texts:
        host, equals, url = text.partition("=")
        if not equals or not url.startswith(("http://", "https://")):
            raise EmulatorError(
                f"registry {text!r}: expected HOST=URL, such as registry.example.com=http://127.0.0.1:5000"
            )
        registries[host] = url
    return registries


def _argument(verb: str, text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        raise EmulatorError(f"argument {text!r}: expected NAME=VALUE")
    parameter = inspect.signature(getattr(Verbs, verb, _argument)).parameters.get(name)
    if parameter is None or parameter.annotation in (str, str | None) or get_origin(parameter.annotation) is Literal:
        return name, value
    try:
        return name, json.loads(value)
    except ValueError:
        raise EmulatorError(f"argument {text!r}: the value is not JSON; {name} is a {parameter.annotation}") from None
