"""What people are told, in facts."""

from dataclasses import replace

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import FunctionReport
from fcpin.receiver.ledger.model import Job, JobState
from fcpin.receiver.notify import message
from tests.receiver.samples import NOON, at, deployment, digest, proposal, push

A, B = digest("a"), digest("b")
DEPLOYED = deployment("api", at=at(4), job="7", exposed_seconds=4.0)


def test_a_deployment_tells_both_images_and_the_function() -> None:
    told = message.deployed(DEPLOYED)
    assert told.title == "fcpin: deployed: api: main-11 => main-12"
    for fact in (A, B, "shop-api", "cn-hangzhou", "prod", "r.example.com/shop/app", "4.0 s after the push"):
        assert fact in told.body


def test_a_healed_outage_tells_its_seconds() -> None:
    told = message.deployed(replace(DEPLOYED, to_tag="main-11", outage=True))
    assert "outage healed" in told.title
    assert "could not start for 4.0 s" in told.body
    assert told.tone is message.Tone.WARNING


def test_a_proposal_asks() -> None:
    told = message.proposed(proposal("api"))
    assert "approve? api: main-11 => main-12" in told.title
    assert A in told.body
    assert B in told.body


def test_a_job_that_is_given_up_tells_why_and_for_what() -> None:
    job = Job("7", "prod", JobState.FAILED, NOON, None, (push("main-12"),), ("web",), attempts=6)
    told = message.dead(job, "line one\nline two " + "x" * 5_000)
    for fact in ("line one line two", "shop/app:main-12", "web", "job 7", "6 attempts"):
        assert fact in told.body
    assert len(told.body) < 1_500
    assert told.tone is message.Tone.FAILURE


def test_drift_names_each_function_and_its_kind() -> None:
    report = FunctionReport(
        "api", "shop-api", "cn-hangzhou", "r.example.com/shop/app", "family main", "main-11", A, None,
        Kind.DELETED_TAG, "the tag main-11 is gone",
    )  # fmt: skip
    told = message.drifted("prod", [report])
    assert "prod" in told.title
    assert "deleted-tag: the tag main-11 is gone" in told.body
