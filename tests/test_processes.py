"""A process counts as ended only if that is certain."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from fcpin.processes import ProcessIdentity


def has_ended(identity: ProcessIdentity) -> bool:
    """Now: mypy takes a property for a constant."""
    return identity.is_dead


def test_a_running_process_is_alive_and_an_ended_one_dead() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        identity = ProcessIdentity.of(process.pid)
        assert identity is not None
        assert ProcessIdentity.read({**identity.as_json(), "hostname": "x"}) == identity
        assert not has_ended(identity)
        process.kill()
        while not has_ended(identity):  # no process has waited for it yet: it is a zombie, which runs nothing
            time.sleep(0.005)
    assert has_ended(identity)
    assert ProcessIdentity.of(process.pid) is None


def test_a_reused_process_id_is_another_process() -> None:
    mine = ProcessIdentity.of(os.getpid())
    assert mine is not None
    assert replace(mine, started=mine.started - 1).is_dead


def test_nothing_is_known_of_other_machines_boots_and_namespaces() -> None:
    mine = ProcessIdentity.of(os.getpid())
    assert mine is not None
    for machine in ("", "00000000-0000-0000-0000-000000000000/pid:[1]"):
        assert not replace(mine, pid=2**22 + 1, machine=machine).is_dead


def test_an_incomplete_identity_is_none() -> None:
    mine = ProcessIdentity.of(os.getpid())
    assert mine is not None
    values = mine.as_json()
    for key in values:
        assert ProcessIdentity.read({name: value for name, value in values.items() if name != key}) is None
        assert ProcessIdentity.read({**values, key: None}) is None
    assert ProcessIdentity.read({**values, "pid": -1}) is None


def test_a_process_that_the_system_hides_is_alive(tmp_path: Path) -> None:
    """/proc with `hidepid=2` has no folders for processes of other users; *tmp_path* has none at all."""
    mine = ProcessIdentity.of(os.getpid())
    assert mine is not None
    assert not mine.has_ended(tmp_path)
    assert replace(mine, pid=1).has_ended(tmp_path) is False
    for pid in (2**22 + 1, 10**30):
        assert replace(mine, pid=pid).has_ended(tmp_path)
