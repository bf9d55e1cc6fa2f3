"""Published versions and their aliases."""

import copy

from fcpin.emulator.fc import errors
from fcpin.emulator.fc.model import FunctionAlias, FunctionRecord, Json, SettingsSnapshot, Version
from fcpin.emulator.fc.rules import check_name, cut, limit_of
from fcpin.emulator.state import EmulatorClock, iso


class Versions:
    """Operations on the versions and aliases of a function. Raises FcError."""

    def __init__(self, clock: EmulatorClock) -> None:
        self._clock = clock

    def publish(self, record: FunctionRecord, description: str) -> Json:
        record.last_version += 1
        snapshot = SettingsSnapshot(copy.deepcopy(record.wanted.settings), record.wanted.resolved)
        version = Version(str(record.last_version), description, self._clock.now(), snapshot)
        record.versions[version.id] = version
        return _version_view(version)

    def list_versions(self, record: FunctionRecord, direction: str, limit: str, token: str) -> Json:
        direction = direction or "BACKWARD"
        ids = sorted(record.versions, key=int, reverse=direction == "BACKWARD")
        page, next_token = cut(ids, limit_of(limit), token)
        answer = {"versions": [_version_view(record.versions[one]) for one in page], "direction": direction}
        return answer | next_token

    def delete_version(self, record: FunctionRecord, version: str) -> None:
        """Aliases and triggers that name the version stay, and their calls fail."""
        if record.versions.pop(version, None) is None:
            raise errors.version_not_found(record.name, version)

    def create_alias(self, record: FunctionRecord, request: Json) -> Json:
        name = check_name(request.get("aliasName"))
        if name in record.aliases:
            raise errors.alias_exists(record.name, name)
        now = self._clock.now()
        alias = FunctionAlias(
            name, str(request.get("versionId") or ""), str(request.get("description") or ""), now, now
        )
        alias.weights = dict(request.get("additionalVersionWeight") or {})
        _check_alias(record, alias)
        record.aliases[name] = alias
        return _alias_view(alias)

    def get_alias(self, record: FunctionRecord, name: str) -> Json:
        return _alias_view(_alias(record, name))

    def update_alias(self, record: FunctionRecord, name: str, request: Json) -> Json:
        old = _alias(record, name)
        alias = FunctionAlias(
            name,
            str(request.get("versionId") or old.version_id),
            str(request.get("description", old.description)),
            old.created,
            self._clock.now(),
            dict(request.get("additionalVersionWeight", old.weights)),
        )
        _check_alias(record, alias)
        record.aliases[name] = alias
        return _alias_view(alias)

    def list_aliases(self, record: FunctionRecord, prefix: str, limit: str, token: str) -> Json:
        names = sorted(name for name in record.aliases if name.startswith(prefix))
        page, next_token = cut(names, limit_of(limit), token)
        return {"aliases": [_alias_view(record.aliases[name]) for name in page]} | next_token

    def delete_alias(self, record: FunctionRecord, name: str) -> None:
        del record.aliases[_alias(record, name).name]


def _alias(record: FunctionRecord, name: str) -> FunctionAlias:
    alias = record.aliases.get(name)
    if alias is None:
        raise errors.alias_not_found(record.name, name)
    return alias


def _check_alias(record: FunctionRecord, alias: FunctionAlias) -> None:
    for version in (alias.version_id, *alias.weights):
        if version not in record.versions:
            raise errors.version_not_found(record.name, version)
    if len(alias.weights) > 1 or not all(0 <= weight <= 1 for weight in alias.weights.values()):
        raise errors.invalid("additionalVersionWeight takes one other version, with a weight from 0 to 1")


def _version_view(version: Version) -> Json:
    created = iso(version.created)
    return {
        "versionId": version.id,
        "description": version.description,
        "createdTime": created,
        "lastModifiedTime": created,
    }


def _alias_view(alias: FunctionAlias) -> Json:
    return {
        "aliasName": alias.name,
        "versionId": alias.version_id,
        "description": alias.description,
        "additionalVersionWeight": alias.weights,
        "createdTime": iso(alias.created),
        "lastModifiedTime": iso(alias.modified),
    }
