"""What becomes of a masked registry password that is sent back."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from fcpin.probe.experiments.experiment import Experiment
from fcpin.probe.findings import Fact, Finding, Unknown
from fcpin.probe.lab import Lab
from fcpin.registry.logins import Login

_NAME: Final = "masked_login_input"
_WRONG: Final = "not-the-password"


def _masked(lab: Lab) -> Iterator[Finding]:
    """Only with a temporary login, which is worth nothing by tomorrow. No answer is shown: it may hold the password."""
    if lab.acr is None:
        yield Unknown(_NAME, "it takes a temporary login, which only ACR Enterprise gives; no other is handed over")
        return
    login, function = lab.acr.login(), lab.function("-login")
    if not function.create({"image": lab.image("one"), **_registry(login.username, login.password)}).succeeded:
        yield Unknown(_NAME, "a function could not be made with a login to the registry")
        return
    if function.deploy(lab.image("two"), **_registry(login.username, _WRONG)).succeeded:
        yield Unknown(_NAME, "a wrong password is accepted as well: for this registry nobody looks at it")
        return
    if not function.deploy(lab.image("one"), **_registry(login.username, login.password)).succeeded:
        yield Unknown(_NAME, "the right password was not accepted again after a wrong one")
        return
    yield _sent_back(lab, login, function.get().container.get("registryConfig") or {})


def _sent_back(lab: Lab, login: Login, told: Mapping[str, Any]) -> Finding:
    password = (told.get("authConfig") or {}).get("password")
    if not password or password == login.password:
        return Unknown(_NAME, f"GetFunction tells the password {'as it is' if password else 'not at all'}: no mask")
    outcome = lab.function("-login").deploy(lab.image("two"), registryConfig=told)
    did = "sent back the registryConfig that GetFunction tells"
    return Fact(_NAME, "ignored" if outcome.succeeded else "stored", did, str(outcome))


def _registry(username: str, password: str) -> dict[str, object]:
    return {"registryConfig": {"authConfig": {"userName": username, "password": password}}}


EXPERIMENTS: Final = (Experiment((_NAME,), _masked),)
