"""The digest of an image is that of the registry after the build, and a failed build leaves no pipeline running."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.errors import BuildFailed, BuildMismatch, BuildTimedOut, PipelineError, RegistryUnavailable
from fcpin.image import Digest, parse_digest
from fcpin.pipelines.builder import BuildReport, BuildRequest, Progress
from fcpin.pipelines.image_builds import BuiltImage
from tests.pipelines.harness import COMMIT, PATH, PERSONAL, SHORT, DevsHarness
from tests.support.clock import ManualClock


@pytest.mark.parametrize(
    "knobs",
    [
        pytest.param(Knobs(), id="as documented"),
        pytest.param(Knobs(pipeline_start="at-once", pipeline_phases="other"), id="other phases, started at once"),
        pytest.param(Knobs(pipeline_tasks="unlisted", build_output="none"), id="nothing is reported"),
    ],
)
def test_the_digest_is_that_of_the_registry(devs: DevsHarness) -> None:
    image = devs.ensure(PERSONAL)
    assert image.digest == devs.cloud.tags(PATH)[SHORT]
    assert image.run.startswith(f"p-{SHORT}-")
    assert devs.guarded == [image.run]
    assert devs.lines[-1].rpartition(" ")[2] in {"Success", "Succeeded"}
    (pipeline,) = devs.cloud.pipelines()
    assert pipeline["spec"]["context"]["data"]["webhookCodeContext"] == {"commitID": COMMIT}


def test_an_image_that_exists_is_built_again_by_a_rebuild_only_under_another_name(devs: DevsHarness) -> None:
    """Also in the same millisecond."""
    assert isinstance(devs.clock, ManualClock)
    started = devs.clock.monotonic()
    first, found = devs.ensure(PERSONAL), devs.ensure(PERSONAL)
    assert (found.digest, found.run) == (first.digest, "")
    assert "nothing is built" in devs.lines[-1]
    devs.clock.advance(started - devs.clock.monotonic())
    second = devs.ensure(PERSONAL, rebuild=True)
    assert second.run != first.run
    assert devs.phases == ["Success", "Success"]


def test_an_accelerated_image_is_the_conversion(devs: DevsHarness) -> None:
    image, tags = devs.ensure(devs.enterprise), devs.cloud.tags(PATH)
    assert tags[f"{SHORT}_accelerated"] == image.digest != tags[SHORT]
    assert image.log_location == "project logs, logstore builds of Simple Log Service"


WRONG: list[tuple[str, Callable[[Emulator], None], type[PipelineError], str]] = [
    ("the build fails", lambda cloud: cloud.fail_build(message="no such file"), BuildFailed, "no such file"),
    ("the build hangs", lambda cloud: cloud.hang_build(), BuildFailed, "after 600 s"),
    ("the VPC has no route", lambda cloud: cloud.lose_vpc(), BuildFailed, "has no route to the registry"),
    ("another digest is pushed", lambda cloud: cloud.push_other_digest(), BuildMismatch, "reported"),
    ("the conversion fails", lambda cloud: cloud.fail_conversion(), BuildFailed, "cannot be accelerated"),
    ("the right to push is missing", lambda cloud: cloud.fail_build(code="AccessDenied"), BuildFailed, "AliyunFCServerlessDevsRole"),
]  # fmt: skip


@pytest.mark.parametrize(("happens", "error", "reason"), [row[1:] for row in WRONG], ids=[row[0] for row in WRONG])
def test_a_failed_build_leaves_no_pipeline_running(
    devs: DevsHarness, happens: Callable[[Emulator], None], error: type[PipelineError], reason: str
) -> None:
    happens(devs.cloud)
    with pytest.raises(error, match=reason):
        devs.ensure(devs.enterprise)
    assert set(devs.phases) <= {"Success", "Failed", "Canceled"}


def test_a_conversion_that_never_ends_is_named_at_the_deadline(devs: DevsHarness) -> None:
    devs.cloud.stick_conversion()
    with pytest.raises(BuildTimedOut, match=f"{SHORT} was pushed, but ACR has not converted it"):
        devs.ensure({**devs.enterprise, "deadline": 120})
    assert devs.phases == ["Canceled"]


@pytest.mark.parametrize("rebuild", [False, True], ids=["when missing", "always"])
def test_simultaneous_requests_for_an_image_share_one_build(devs: DevsHarness, rebuild: bool) -> None:
    builds, request = devs.builds(), devs.request(PERSONAL)

    def ensure(_number: int) -> BuiltImage:
        return builds.ensure_image(request, devs.lines.append, rebuild=rebuild)

    with ThreadPoolExecutor(4) as pool:
        images = list(pool.map(ensure, range(4)))
    assert set(images) == {images[0]}
    assert devs.phases == ["Success"]


@dataclass(frozen=True)
class FakeBuilder:
    """Takes *seconds*, pushes with *push*, and reports what that returns."""

    devs: DevsHarness
    push: Callable[[Emulator], str | None]
    seconds: float = 0

    def build(self, request: BuildRequest, progress: Progress) -> BuildReport:
        assert isinstance(self.devs.clock, ManualClock)
        self.devs.clock.advance(self.seconds)
        digest = self.push(self.devs.cloud)
        return BuildReport("buildx", "", frozenset[Digest]({parse_digest(digest)} if digest else ()))


def push_original(cloud: Emulator) -> str:
    return cloud.push(PATH, SHORT, content="one")


def push_and_convert(cloud: Emulator) -> str:
    cloud.push(PATH, f"{SHORT}_accelerated", content="one, converted")
    return push_original(cloud)


def push_attested(cloud: Emulator) -> None:
    cloud.push(PATH, SHORT, content="one", platforms=("linux/amd64", "unknown/unknown"), index=True)


def test_a_builder_that_reports_the_original_need_not_report_its_conversion(devs: DevsHarness) -> None:
    request = devs.request(devs.enterprise)
    image = devs.builds(FakeBuilder(devs, push_and_convert)).ensure_image(request, print, rebuild=False)
    assert image.digest == devs.cloud.tags(PATH)[f"{SHORT}_accelerated"]
    other = FakeBuilder(devs, lambda cloud: push_and_convert(cloud) and f"sha256:{0:064}")
    with pytest.raises(BuildMismatch, match=f"{SHORT} is sha256:.*, but buildx reported sha256:0{{64}}"):
        devs.builds(other).ensure_image(request, print, rebuild=True)


def test_an_image_with_attestations_is_refused(devs: DevsHarness) -> None:
    reason = f"{PATH}:{SHORT} has build attestations .*--provenance=false"
    with pytest.raises(BuildMismatch, match=reason):
        devs.builds(FakeBuilder(devs, push_attested)).ensure_image(devs.request(PERSONAL), print, rebuild=False)
    with pytest.raises(BuildMismatch, match=reason):
        devs.ensure(PERSONAL)
    assert devs.phases == [], "it exists already"


def test_one_deadline_holds_for_build_and_conversion(devs: DevsHarness) -> None:
    builds, started = devs.builds(FakeBuilder(devs, push_original, seconds=100)), devs.clock.monotonic()
    with pytest.raises(BuildMismatch, match=f"not in the registry 20 s later; .*{SHORT} was pushed, but ACR has not"):
        builds.ensure_image(devs.request({**devs.enterprise, "deadline": 120}), print, rebuild=False)
    assert devs.clock.monotonic() - started == pytest.approx(120)


def test_a_success_without_an_image_is_an_error(devs: DevsHarness) -> None:
    builds = devs.builds(FakeBuilder(devs, lambda _: None))
    with pytest.raises(BuildMismatch, match=rf"buildx succeeded, but .*{SHORT} is not in the registry"):
        builds.ensure_image(devs.request(PERSONAL), print, rebuild=False)


def test_a_registry_that_does_not_respond_is_not_a_missing_image(devs: DevsHarness) -> None:
    devs.cloud.fail_next("ListInstance", times=10)
    with pytest.raises(RegistryUnavailable):
        devs.ensure(devs.enterprise)
    assert devs.phases == []
