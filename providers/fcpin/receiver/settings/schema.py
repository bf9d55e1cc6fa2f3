"""A JSON schema of `receiver.yaml`: editors complete it, and tell mistakes while it is written (draft 7)."""

from collections.abc import Mapping
from typing import Any, Final

from fcpin.receiver.senders import SENDERS
from fcpin.receiver.settings.model import Mode, Outages
from fcpin.receiver.settings.read import MOST_SECRETS, REPOSITORY, SENDER_NAME, STACK_NAME, VARIABLE
from fcpin.receiver.settings.windows import DAYS
from fcpin.receiver.web.limits import MAX_BODY
from fcpin.schema.fragments import DRAFT, DURATION, Schema, choice, mapping, text
from fcpin.stack.engine import CHOICES

_REFERENCE: Final = r"^(env|file):."


def _secret(description: str) -> Schema:
    return text(f"{description} env:NAME or file:PATH.", pattern=_REFERENCE)


def _secrets(description: str, **more: Any) -> Schema:
    items = {"type": "string", "pattern": _REFERENCE}
    return {"description": f"{description} env:NAME or file:PATH.", "type": "array", "items": items, **more}


def _networks(description: str) -> Schema:
    return {"description": description, "type": "array", "items": {"type": "string"}}


def _number(description: str, default: int, most: int) -> Schema:
    return {"description": description, "type": "integer", "minimum": 1, "maximum": most, "default": default}


def _duration(description: str, **more: Any) -> Schema:
    return text(description, pattern=DURATION, **more)


def _named(description: str, name: str, entry: Schema) -> Schema:
    return {
        "description": description,
        "type": "object",
        "minProperties": 1,
        "propertyNames": {"pattern": f"^(?:{name})$"},
        "additionalProperties": entry,
    }


WINDOW_KEYS: Final[Mapping[str, Schema]] = {
    "days": {
        "description": f"mon-fri, or a list of {', '.join(DAYS)}; every day unless given.",
        "type": ["string", "array"],
        "items": {"type": "string"},
        "minItems": 1,
    },
    "from": text("Time of day, in quotes: 09:00.", pattern=r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$"),
    "to": text("Time of day; not after from: on the next day.", pattern=r"^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$"),
    "zone": text("Name of a time zone: Asia/Shanghai."),
}

STACK_KEYS: Final[Mapping[str, Schema]] = {
    "mode": choice("Deploy what was pushed, or have somebody approve it on the page.", *Mode),
    "quiet": _duration("A job begins when no push has come for so long.", default="1s"),
    "at_most": _duration("It begins so long after its first push at the latest.", default="15s"),
    "windows": {
        "description": "When the stack may be deployed to; always unless given.",
        "type": "array",
        "items": mapping("A window.", WINDOW_KEYS, ["from", "to", "zone"]),
    },
    "outages": choice("Outside of the windows: heal a deployed tag that was moved, or let it wait too.", *Outages),
}

SENDER_KEYS: Final[Mapping[str, Schema]] = {
    "kind": {"description": "What it sends.", "enum": list(SENDERS)},
    "secrets": _secrets(
        "What it proves itself by; two while they are changed over.", minItems=1, maxItems=MOST_SECRETS
    ),
    "per_minute": _number("Requests; more are refused with 429.", 6000, 1_000_000),
    "replay_window": _duration("An event that says it is older is refused."),
}

PAGE_KEYS: Final[Mapping[str, Schema]] = {
    "token": _secret("Whoever knows it may press the buttons."),
    "user_header": text("In which an authenticating proxy names the user.", pattern="^[A-Za-z0-9-]+$"),
    "trusted": _networks("The networks of that proxy: 10.0.0.0/8."),
    "session_key": _secret("Signs the login cookie; made anew at each start unless given."),
}

KEYS: Final[Mapping[str, Schema]] = {
    "project": text("Folder of the Pulumi program, relative to this file.", default="."),
    "stacks": _named(
        "The stacks to converge, by name.",
        STACK_NAME.pattern,
        mapping("How one stack is converged.", STACK_KEYS, type=["object", "null"]),
    ),
    "senders": _named(
        "Who may tell of pushes, by the name in the URL /hooks/<name>.",
        SENDER_NAME.pattern,
        mapping("One sender.", SENDER_KEYS, ["kind", "secrets"]),
    ),
    "engine": choice("Which engine converges; auto takes the Pulumi CLI where there is one.", *CHOICES),
    "state": text("Folder of the SQLite files, relative to this file.", default=".receiver"),
    "redis": _secret("redis://…, where several machines work the queue."),
    "workers": _number("Stacks that converge at once, on this machine.", 4, 64),
    "attempts": _number("How often a job is tried before it is given up.", 6, 100),
    "survey_every": _duration("How often every function is looked at.", default="5m"),
    "repositories": {
        "description": "namespace/name, * for any characters but '/'; those with a pin of the stacks unless given.",
        "type": "array",
        "items": {"type": "string", "pattern": f"^(?:{REPOSITORY.pattern})$"},
    },
    "instances": {
        "description": "ACR Enterprise: id of an instance, cri-…, to its name.",
        "type": "object",
        "propertyNames": {"pattern": "^cri-[a-z0-9]+$"},
        "additionalProperties": {"type": "string", "minLength": 1},
    },
    "page": mapping(
        "Who may see the page; there is none unless given.",
        PAGE_KEYS,
        anyOf=[{"required": ["token"]}, {"required": ["user_header"]}],
        dependencies={"user_header": ["trusted"]},
    ),
    "notify": _secrets("Addresses of apprise: dingtalk://…, feishu://…, slack://…, json://…"),
    "metrics_token": _secret("Asked for at /metrics; open unless given."),
    "trusted_proxies": _networks(
        "Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: 10.0.0.0/8."
    ),
    "environment": {
        "description": "Names of variables, * for any characters, that engines inherit beside the usual ones.",
        "type": "array",
        "items": {"type": "string", "pattern": f"^(?:{VARIABLE.pattern})$"},
    },
}


def receiver_schema() -> Schema:
    """Of `receiver.yaml`."""
    described = mapping(
        f"From push to running: docs/receiver.md. Requests have up to {MAX_BODY} bytes.", KEYS, ["stacks", "senders"]
    )
    return {"$schema": DRAFT, "title": "Configuration of the receiver", **described}
