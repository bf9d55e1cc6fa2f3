"""Check a configuration where it is to run: the engine, the stacks, the store, the webhook URLs, the notifications."""

from collections.abc import Iterator

from fcpin.doctor.result import CheckResult, note, ok, problem
from fcpin.errors import FcpinError, InvalidSettings
from fcpin.receiver.ledger.ledger import open_ledger
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.senders.authentication import SecretLocation
from fcpin.receiver.settings.environment import deployment_environment
from fcpin.receiver.settings.model import ReceiverSettings, SenderSettings
from fcpin.stack import Engine, Stack


def check_config(settings: ReceiverSettings) -> Iterator[CheckResult]:
    """One line a check. Nothing is deployed or sent, and no line holds a secret."""
    yield from _engine(settings)
    yield _store(settings)
    for name, sender in settings.senders.items():
        yield ok(f"sender {name}", _hook(name, sender))
    yield from _notified(settings)
    if settings.page is None:
        yield note("page", "not configured", "set `page` to see jobs, and to approve, hold and freeze")


def _notified(settings: ReceiverSettings) -> Iterator[CheckResult]:
    if not settings.notify:
        return
    from fcpin.receiver.notify.outbox import apprise_services

    try:
        yield ok("notify", ", ".join(service.name for service in apprise_services(settings.notify)))
    except InvalidSettings as error:
        yield problem("notify", str(error), "correct the URL")


def _engine(settings: ReceiverSettings) -> Iterator[CheckResult]:
    try:
        engine = Engine.find(settings.engine, settings.project, deployment_environment(settings))
    except FcpinError as error:
        yield problem("engine", str(error), "install an engine, or correct `engine` and `project`")
        return
    yield ok("engine", f"{engine.name}, in {engine.folder}")
    for name in settings.stacks:
        yield _stack(engine, name)


def _stack(engine: Engine, name: str) -> CheckResult:
    try:
        stack = Stack.read(engine, name)
    except FcpinError as error:
        return problem(f"stack {name}", str(error), "correct the stack, or its name")
    if not stack.pins:
        return note(f"stack {name}", "has no pins", f"deploy it once by hand: `{engine.name} up --stack {name}`")
    repositories = sorted({str(pin.repository) for pin in stack.pins})
    return ok(f"stack {name}", f"{len(stack.pins)} pins on {', '.join(repositories)}")


def _store(settings: ReceiverSettings) -> CheckResult:
    where = settings.redis.source if settings.redis else str(settings.state)
    try:
        ledger = open_ledger(settings)
        try:
            ledger.check_ready()
        finally:
            ledger.close()
    except FcpinError as error:
        return problem("store", str(error), "correct `redis` or `state`")
    return ok("store", where)


def _hook(name: str, sender: SenderSettings) -> str:
    """`POST /hooks/acr/<secret>; secret env:ACR_SECRET; triggers of ACR`."""
    kind = SENDERS[sender.kind]
    hook = f"/hooks/{name}"
    requests = [one.facts.request.format(hook=hook) for one in SecretLocation if one in kind.secret_locations]
    secrets = ", ".join(secret.source for secret in sender.secrets)
    return f"POST {' or '.join(requests)}; secret {secrets}; {kind.summary}"
