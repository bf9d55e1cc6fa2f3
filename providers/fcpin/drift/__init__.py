"""How a function differs from what the last deployment left: which kind of drift, how bad, and in one line why."""

from fcpin.drift.classify import classify
from fcpin.drift.kind import Drift, Kind
from fcpin.drift.registered import CannotTell, Registered, look

__all__ = ["CannotTell", "Drift", "Kind", "Registered", "classify", "look"]
