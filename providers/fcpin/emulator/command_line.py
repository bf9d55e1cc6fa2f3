"""`fcpin emulator`: serve the emulator, or do something to one that is running."""

import argparse
import inspect
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, get_origin

from fcpin.emulator.knobs import Knobs, read_facts
from fcpin.emulator.remote import RemoteEmulator
from fcpin.emulator.server import Emulator, check_loopback
from fcpin.emulator.verbs import NAMES, Verbs
from fcpin.emulator.wire import EmulatorError

_GREATEST_PORT = 65535
_DEFAULT_PORT = 9900
_SIGNALS = {signal.SIGINT, signal.SIGTERM}


def main(arguments: Sequence[str]) -> int:
    """Exit code 0, or 2 with one line on standard error for what cannot be done."""
    try:
        if arguments and arguments[0] == "verb":
            return _verb(arguments[1:])
        return _serve(_serving().parse_args(arguments))
    except EmulatorError as error:
        sys.stderr.write(f"emulator: {error}\n")
    except OSError as error:
        sys.stderr.write(f"emulator: {error.filename or 'listening'}: {error.strerror or error}\n")
    return 2


def _serving() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="fcpin emulator",
        description="A local Alibaba Cloud: Function Compute 3.0, ACR Enterprise Edition, pipelines, an OCI registry.",
        epilog="`fcpin emulator verb NAME --help` is about driving one that is running.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="loopback address to serve on (default 127.0.0.1)")
    parser.add_argument("--port", type=_port, default=_DEFAULT_PORT, help="0 takes a free one (default 9900)")
    parser.add_argument("--state", type=Path, metavar="FILE", help="keep everything in this file")
    parser.add_argument(
        "--knob",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="behaviour that is unverified; may be repeated",
    )
    parser.add_argument(
        "--facts", type=Path, metavar="FILE", help="behave as `fcpin probe` has found; --knob overrides it"
    )
    parser.add_argument(
        "--registry",
        action="append",
        default=[],
        metavar="HOST=URL",
        help="images of HOST are in the registry at URL; may be repeated",
    )
    parser.add_argument(
        "--token-cert", type=Path, metavar="FILE", help="write the certificate of the token server to this file"
    )
    return parser


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _GREATEST_PORT:
        raise argparse.ArgumentTypeError(f"expected 0 to {_GREATEST_PORT}, got {text}")
    return int(text)


def _serve(options: argparse.Namespace) -> int:
    check_loopback(options.host)
    found = read_facts(options.facts) if options.facts else Knobs()
    emulator = Emulator(
        knobs=Knobs.from_texts(options.knob, found), registries=_registries(options.registry), state=options.state
    )
    # Blocked before any thread starts, so that the signal reaches this thread only.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    if options.token_cert:
        options.token_cert.write_text(emulator.token_certificate)
    with emulator.serve(options.host, options.port) as cloud:
        sys.stdout.write(
            f"emulator ready: {cloud.url} (clients: endpoint {cloud.address}, protocol http, "
            f"ALIBABA_CLOUD_ACCESS_KEY_ID={cloud.access_key_id}, "
            f"ALIBABA_CLOUD_ACCESS_KEY_SECRET={cloud.access_key_secret}; "
            f"ACR instance {cloud.instance_id} at {cloud.enterprise_host}; "
            f"registry user {cloud.username}, password {cloud.password})\n"
        )
        sys.stdout.flush()
        signal.sigwait(_SIGNALS)
    return 0


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


def _verb(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="fcpin emulator verb",
        description="Carry out a verb in a running emulator and print its answer as JSON.",
        epilog=f"Verbs: {', '.join(NAMES)}, calls, clear_calls, about. Their arguments: docs/emulator.md.",
    )
    parser.add_argument("--url", default=f"http://127.0.0.1:{_DEFAULT_PORT}", help="where the emulator serves")
    parser.add_argument("name")
    parser.add_argument(
        "arguments", nargs="*", metavar="NAME=VALUE", help="JSON, or plain text where the verb takes a text"
    )
    options = parser.parse_args(arguments)
    given = dict(_argument(options.name, text) for text in options.arguments)
    result = RemoteEmulator(options.url).call(options.name, **given)
    if result is not None:
        sys.stdout.write(f"{json.dumps(result, indent=2, ensure_ascii=False)}\n")
    return 0


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
        raise EmulatorError(f"argument {text!r}: the value is no JSON; {name} is a {parameter.annotation}") from None
