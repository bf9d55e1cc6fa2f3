"""The texts of notifications."""

from dataclasses import replace

from fcpin.drift import Kind
from fcpin.receiver.drift_scan.report import FunctionReport
from fcpin.receiver.ledger.model import Job, JobState
from fcpin.receiver.notify import messages
from tests.receiver.samples import NOON, at, deployment, digest, proposal, push

A, B = digest("a"), digest("b")
DEPLOYED = deployment("api", at=at(4), job="7", exposed_seconds=4.0)


def test_a_deployment_has_both_images_and_the_function() -> None:
    sent = messages.deployed(DEPLOYED)
    assert sent.title == "fcpin: deployed: api: main-11 => main-12"
    for fact in (A, B, "shop-api", "cn-hangzhou", "prod", "r.example.com/shop/app", "4.0 s after the push"):
        assert fact in sent.body


def test_a_healed_outage_has_its_seconds() -> None:
    sent = messages.deployed(replace(DEPLOYED, to_tag="main-11", outage=True))
    assert "outage healed" in sent.title
    assert "could not start for 4.0 s" in sent.body
    assert sent.tone is messages.Tone.WARNING


def test_a_proposal_has_both_digests() -> None:
    sent = messages.proposed(proposal("api"))
    assert "waiting for approval: api: main-11 => main-12" in sent.title
    assert A in sent.body
    assert B in sent.body


def test_a_failed_job_has_its_reason_and_its_events() -> None:
    job = Job("7", "prod", JobState.FAILED, NOON, None, (push("main-12"),), ("web",), attempts=6)
    sent = messages.failed(job, "line one\nline two " + "x" * 5_000)
    for fact in ("line one line two", "shop/app:main-12", "web", "job 7", "6 attempts"):
        assert fact in sent.body
    assert len(sent.body) < 1_500
    assert sent.tone is messages.Tone.FAILURE


def test_drift_names_each_function_and_its_kind() -> None:
    report = FunctionReport(
        "api", "shop-api", "cn-hangzhou", "r.example.com/shop/app", "family main", "main-11", A, None,
        Kind.DELETED_TAG, "the tag main-11 is gone",
    )  # fmt: skip
    sent = messages.drifted("prod", [report])
    assert "prod" in sent.title
    assert "deleted-tag: the tag main-11 is gone" in sent.body
