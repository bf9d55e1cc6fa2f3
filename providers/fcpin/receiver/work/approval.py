"""What a change is proposed as, and which change an approval is for."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from fcpin.receiver.converge.base import Change
from fcpin.receiver.ledger.model import Proposal


def token(stack: str, change: Change) -> str:
    """SHA-256, hexadecimal, over stack, pin, from and to digest: a tag that is pushed again has another one."""
    bound = json.dumps([stack, change.pin, change.from_digest, change.to_digest])
    return hashlib.sha256(bound.encode()).hexdigest()


def proposals(stack: str, changes: Sequence[Change], now: datetime) -> list[Proposal]:
    """One a change."""
    return [
        Proposal(
            token=token(stack, change),
            stack=stack,
            pin=change.pin,
            from_tag=change.from_tag,
            from_digest=change.from_digest,
            to_tag=change.to_tag,
            to_digest=change.to_digest,
            proposed=now,
        )
        for change in changes
    ]


def approved(stack: str, changes: Sequence[Change], known: Sequence[Proposal]) -> Mapping[str, Change]:
    """Of *changes*, by pin, those that somebody approved as they are now."""
    tokens = {proposal.token for proposal in known if proposal.approved}
    return {change.pin: change for change in changes if token(stack, change) in tokens}
