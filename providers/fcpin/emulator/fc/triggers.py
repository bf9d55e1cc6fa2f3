"""The triggers of a function, as data: no event source fires."""

import hashlib
import json
import re
from typing import Any

from fcpin.emulator.fc import errors
from fcpin.emulator.fc.instances import LATEST
from fcpin.emulator.fc.model import FunctionRecord, Json, Trigger
from fcpin.emulator.fc.rules import cut, limit_of
from fcpin.emulator.fc.service import REGION, arn, resolve
from fcpin.emulator.state import EmulatorClock, Ids, iso

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,127}")
_TYPES = ("oss", "log", "timer", "http", "tablestore", "cdn_events", "mns_topic", "eventbridge")
_WITHOUT_CONFIG = "tablestore"
_TEXTS = {"description": "description", "invocationRole": "invocation_role"}


class Triggers:
    """One method per operation. Raises FcError."""

    def __init__(self, clock: EmulatorClock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids

    def create(self, record: FunctionRecord, request: Json) -> Json:
        name, kind = request.get("triggerName"), request.get("triggerType")
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise errors.invalid(
                f"triggerName {name!r} is invalid: 1 to 128 letters, digits, '_' and '-', the first is a letter or '_'"
            )
        if kind not in _TYPES:
            raise errors.invalid(f"triggerType {kind!r} is invalid: one of {', '.join(_TYPES)}")
        if name in record.triggers:
            raise errors.trigger_exists(record.name, name)
        now = self._clock.now()
        trigger = Trigger(
            name,
            self._ids.uuid(),
            kind,
            _config(kind, request.get("triggerConfig")),
            _qualifier(record, request.get("qualifier")),
            now,
            now,
            *(_text(request, key) for key in (*_TEXTS, "sourceArn")),
        )
        record.triggers[name] = trigger
        return _view(record, trigger)

    def get(self, record: FunctionRecord, name: str) -> Json:
        return _view(record, _trigger(record, name))

    def list(self, record: FunctionRecord, prefix: str, limit: str, token: str) -> Json:
        names = sorted(name for name in record.triggers if name.startswith(prefix))
        page, next_token = cut(names, limit_of(limit), token)
        return {"triggers": [_view(record, record.triggers[name]) for name in page]} | next_token

    def update(self, record: FunctionRecord, name: str, request: Json) -> Json:
        trigger = _trigger(record, name)
        config, qualifier = trigger.config, trigger.qualifier
        if "triggerConfig" in request:
            config = _config(trigger.type, request["triggerConfig"])
        if request.get("qualifier"):
            qualifier = _qualifier(record, request["qualifier"])
        texts = {field: _text(request, key) for key, field in _TEXTS.items() if key in request}
        trigger.config, trigger.qualifier, trigger.modified = config, qualifier, self._clock.now()
        for field, value in texts.items():
            setattr(trigger, field, value)
        return _view(record, trigger)

    def delete(self, record: FunctionRecord, name: str) -> None:
        del record.triggers[_trigger(record, name).name]


def _trigger(record: FunctionRecord, name: str) -> Trigger:
    trigger = record.triggers.get(name)
    if trigger is None:
        raise errors.trigger_not_found(record.name, name)
    return trigger


def _text(request: Json, key: str) -> str:
    value = request.get(key) or ""
    if not isinstance(value, str):
        raise errors.invalid(f"{key} {value!r} is invalid: expected a string")
    return value


def _config(kind: str, value: Any) -> str:
    if not value and kind == _WITHOUT_CONFIG:
        return ""
    try:
        is_object = isinstance(value, str) and isinstance(json.loads(value), dict)
    except ValueError:
        is_object = False
    if not is_object:
        raise errors.invalid(f"triggerConfig {value!r} is invalid: expected a JSON object in a string")
    return str(value)


def _qualifier(record: FunctionRecord, value: Any) -> str:
    qualifier = str(value or LATEST)
    if qualifier != LATEST:
        resolve(record, qualifier)
    return qualifier


def _view(record: FunctionRecord, trigger: Trigger) -> Json:
    view: Json = {
        "triggerName": trigger.name,
        "triggerId": trigger.id,
        "triggerType": trigger.type,
        "triggerConfig": trigger.config,
        "qualifier": trigger.qualifier,
        "description": trigger.description,
        "invocationRole": trigger.invocation_role,
        "sourceArn": trigger.source_arn,
        "targetArn": arn(record.name),
        "createdTime": iso(trigger.created),
        "lastModifiedTime": iso(trigger.modified),
    }
    if trigger.type == "http":
        view["httpTrigger"] = _addresses(record, trigger.qualifier)
    return view


def _addresses(record: FunctionRecord, qualifier: str) -> Json:
    """Addresses of an HTTP trigger: a function of the version or alias, the same for each of its triggers."""
    digits = hashlib.sha256(f"{record.id}/{qualifier}".encode()).hexdigest()[:10]
    host = f"{record.name.lower().replace('_', '-')}-{digits}.{REGION}"
    return {"urlInternet": f"https://{host}.fcapp.run", "urlIntranet": f"https://{host}-vpc.fcapp.run"}
