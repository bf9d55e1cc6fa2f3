"""A dynamic provider for the engine's tests: its cloud is a directory, and it writes every call down.

`JOURNAL` names a directory with
    cloud/<key>.json            what exists
    calls.jsonl                 every call, in the order in which they began
    <method>-<key>.fail         the call raises with the text of this file
    <method>-<key>.before|after the call reports that it got there (`.reached`) and waits until the file is gone
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import pulumi
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)

Props = dict[str, Any]
OWN = ("__provider", "token", "version")


def _home() -> Path:
    return Path(os.environ["JOURNAL"])


def _item(key: str) -> Path:
    return _home() / "cloud" / f"{key}.json"


def _call(method: str, key: str, **arguments: Any) -> None:
    """Log the call, and do what the test requested."""
    for props in arguments.values():
        if isinstance(props, dict):
            props.pop("__provider", None)
    line = json.dumps({"method": method, "key": key, "pid": os.getpid(), **arguments}, default=repr) + "\n"
    with (_home() / "calls.jsonl").open("a") as file:
        file.write(line)
    if (text := _home() / f"{method}-{key}.fail").exists():
        raise RuntimeError(text.read_text())
    _wait(f"{method}-{key}.before")


def _wait(point: str) -> None:
    barrier = _home() / point
    if barrier.exists():
        (_home() / f"{point}.reached").touch()
        while barrier.exists():
            time.sleep(0.005)


def _store(key: str, props: Props) -> None:
    path = _item(key)
    temporary = path.with_suffix(".tmp")
    temporary.write_text(json.dumps({name: value for name, value in props.items() if name not in OWN}))
    temporary.replace(path)


class ItemProvider(ResourceProvider):
    """Items have a `key`, which cannot be changed, and any other properties."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        if req.config.get("announce"):
            print("configured:", req.config.get("announce"))  # noqa: T201 - the engine is to show it

    def check(self, _olds: Props, news: Props) -> CheckResult:
        _call("check", news["key"], olds=dict(_olds), news=dict(news))
        failures = [CheckFailure(path, reason) for path, reason in (news.get("bad") or {}).items()]
        return CheckResult({"tag": "latest", **news}, failures)

    def diff(self, _id: str, _olds: Props, _news: Props) -> DiffResult:
        _call("diff", _news["key"], olds=dict(_olds), news=dict(_news))
        changed = {name for name in _news if name != "__provider" and _news[name] != _olds.get(name)}
        changed |= {name for name in _olds if name not in _news and name not in OWN}
        return DiffResult(
            changes=(True if _news.get("own_diff") else None) if changed else False,
            replaces=sorted(changed & {"key"}),
            delete_before_replace=bool(_news.get("delete_first")),
        )

    def create(self, props: Props) -> CreateResult:
        key = props["key"]
        _call("create", key, props=dict(props))
        _store(key, props)
        _wait(f"create-{key}.after")
        return CreateResult(f"id-{key}", {**props, "token": f"token-of-{key}", "version": 1})

    def update(self, _id: str, _olds: Props, _news: Props) -> UpdateResult:
        key = _news["key"]
        _call("update", key, olds=dict(_olds), news=dict(_news))
        _store(key, _news)
        _wait(f"update-{key}.after")
        return UpdateResult({**_news, "token": f"token-of-{key}", "version": int(_olds["version"]) + 1})

    def read(self, id_: str, props: Props) -> ReadResult:
        key = props["key"]
        _call("read", key, props=dict(props))
        if not _item(key).exists():
            return ReadResult("", {})
        live = json.loads(_item(key).read_text())
        return ReadResult(id_, {**live, "token": props["token"], "version": props["version"]}, live)

    def delete(self, _id: str, _props: Props) -> None:
        key = _props["key"]
        _call("delete", key, props=dict(_props))
        _item(key).unlink(missing_ok=True)
        _wait(f"delete-{key}.after")


class Item(Resource, module="journal", name="Item"):
    """`Item("a", size=1)`; the key is the name unless it is given."""

    key: pulumi.Output[str]
    tag: pulumi.Output[str]
    token: pulumi.Output[str]
    version: pulumi.Output[int]

    def __init__(self, item: str, /, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        outputs = {"tag": None, "token": None, "version": None}
        super().__init__(ItemProvider(), item, {"key": item, **outputs, **props}, opts)


class Box(pulumi.ComponentResource):
    """A component."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("journal:index:Box", name, None, opts)
