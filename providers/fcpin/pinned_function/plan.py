"""What has to be sent to Function Compute so that a function runs its pin. Pure: diff and update read the same plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fcpin.fc import runtime_config
from fcpin.fc.model import RUNTIME, Function
from fcpin.fc.readiness import Readiness
from fcpin.image import Pin, SameDigest
from fcpin.pinned_function.inputs import PinArgs
from fcpin.pinned_function.keys import DRIFT, INPUTS, ORDERED_BY

OWNER_TAG: Final = "fcpin:owner"
"""The tag on functions that fcpin created: whose they are, so that an interrupted create can be taken up again."""

_SERVER_SIDE: Final = ("resolvedImageUri", "accelerationInfo")
_REPLACES: Final = ("function_name", "region")
_NEVER_COMPARED: Final = ("owner", ORDERED_BY)
"""`owner` is only read by create, and a renamed stack is no reason to touch a function; `ordered_by` only by check."""
_DEFAULTS: Final[Mapping[str, Any]] = {DRIFT: "ok"}
"""What states of 0.1.0 do not have."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Which properties differ between two property bags."""

    changed: tuple[str, ...]
    replaces: tuple[str, ...]


def difference(olds: Mapping[str, Any], news: Mapping[str, Any]) -> Difference:
    """Compare by inputs only, in both directions alike: refresh calls this with the live function as *olds*."""
    keys = [key for key in INPUTS if key not in _NEVER_COMPARED]
    changed = tuple(key for key in keys if olds.get(key, _DEFAULTS.get(key)) != news.get(key, _DEFAULTS.get(key)))
    return Difference(changed, tuple(key for key in _REPLACES if key in changed))


def creation(args: PinArgs, pin: Pin) -> dict[str, Any]:
    """The body of CreateFunction for an owned function."""
    top, container = runtime_config.to_wire(args.config or {})
    return {
        "runtime": RUNTIME,
        "handler": runtime_config.DEFAULT_HANDLER,
        **top,
        "customContainerConfig": {**container, "image": pin.image(args.repository)},
        "tags": [{"Key": OWNER_TAG, "Value": args.owner}],
    }


def runs(args: PinArgs, pin: Pin, function: Function, same: SameDigest) -> bool:
    """Whether *function* runs *pin*, as far as GetFunction shows."""
    named = function.image == pin.image(args.repository)
    return named and same(pin.digest, function.digest) and Readiness.of(function) is not Readiness.FAILED


def update(
    args: PinArgs, pin: Pin, function: Function, *, runs: bool, before: Mapping[str, Any] | None = None
) -> dict[str, Any] | None:
    """The body of UpdateFunction that makes *function* run *pin* with its settings, or None when it already does.

    *runs*: whether it runs the pin; see `runs`.

    Only what we manage is changed, and the image is only sent when it has to be: FC resolves it each time.
    Of `customContainerConfig` the live block is sent back whole, because FC may replace it: without what only the
    server sets, and without `registryConfig` where it holds a login, whose password is masked.
    *before*: the `config` of the last deployment; it alone shows that a password has changed.
    """
    config = args.config or {}
    live = runtime_config.live(config, function)
    differ = {name for name in config if name not in live or live[name] != config[name]}
    differ |= {name for name in runtime_config.SECRET & config.keys() if (before or {}).get(name) != config[name]}
    top, container = runtime_config.to_wire(config)
    body: dict[str, Any] = dict(top) if differ & runtime_config.FUNCTION.keys() else {}
    if differ & runtime_config.CONTAINER.keys() or not runs:
        image = {"image": pin.image(args.repository)}
        body["customContainerConfig"] = {**_kept(function.container), **container, **image}
    return body or None


def resend(args: PinArgs, function: Function) -> dict[str, Any]:
    """`customContainerConfig` as it is, to make FC resolve the tag again."""
    _, container = runtime_config.to_wire(args.config or {})
    return {**_kept(function.container), **container}


def drops_login(args: PinArgs, function: Function) -> str | None:
    """User name of the login that `config.registry_config` would remove by leaving it out; None where it would not."""
    registry = (args.config or {}).get("registry_config")
    login = _login(function)
    return None if registry is None or "auth_config" in registry or not login else str(login.get("userName") or "")


def lost_login(before: Function, after: Function) -> str | None:
    """User name of the registry login that *before* has and *after* has not; None when none was lost.

    Passwords are not compared: they come back masked, and a mask may differ from one answer to the next.
    """
    had, has = _login(before), _login(after)
    kept = had.keys() <= has.keys() and had.get("userName") == has.get("userName")
    return None if kept else str(had.get("userName") or "")


def _login(function: Function) -> Mapping[str, Any]:
    login = (function.container.get("registryConfig") or {}).get("authConfig") or {}
    return {key: value for key, value in login.items() if value}


def _kept(container: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in container.items() if key not in _SERVER_SIDE and value is not None}
    if (kept.get("registryConfig") or {}).get("authConfig"):
        del kept["registryConfig"]
    return kept
