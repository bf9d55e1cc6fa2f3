"""An image is what the registry says after the build, and a build that went wrong leaves nothing running."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from fcpin.build.builder import BuildRequest, Built, Progress
from fcpin.build.making import Made, Maker
from fcpin.emulator import Emulator, Knobs
from fcpin.errors import BuildFailed, BuildMismatch, BuildTimedOut, PipelineError, RegistryUnavailable
from fcpin.image import parse_digest
from tests.build.workshop import COMMIT, PATH, Workshop

SHORT = COMMIT[:7]


@pytest.mark.parametrize(
    "knobs",
    [
        pytest.param(Knobs(), id="as documented"),
        pytest.param(Knobs(pipeline_start="at-once", pipeline_phases="other"), id="other words, begun at once"),
        pytest.param(Knobs(pipeline_tasks="unlisted", build_output="none"), id="nothing is reported"),
    ],
)
def test_the_digest_is_the_one_in_the_registry(workshop: Workshop) -> None:
    made = workshop.make(workshop.personal)
    assert made.digest == workshop.cloud.tags(PATH)[SHORT]
    assert made.name.startswith(f"p-{SHORT}-")
    assert workshop.guarded == [made.name]
    assert [line.rpartition(" ")[2] for line in workshop.told][-1] in {"Success", "Succeeded"}


def test_the_commit_goes_to_the_pipeline_in_full(workshop: Workshop) -> None:
    workshop.make(workshop.personal)
    (pipeline,) = workshop.cloud.pipelines()
    assert pipeline["spec"]["context"]["data"]["webhookCodeContext"] == {"commitID": COMMIT}


def test_a_second_build_of_a_commit_takes_the_image_that_is_there(workshop: Workshop) -> None:
    first = workshop.make(workshop.personal)
    second = workshop.make(workshop.personal)
    assert (second.digest, second.name) == (first.digest, "")
    assert "is there already" in workshop.told[-1]
    assert len(workshop.phases) == 1


def test_built_again_it_is_a_pipeline_of_another_name_in_the_same_millisecond(workshop: Workshop) -> None:
    began = workshop.clock.monotonic()
    first = workshop.make(workshop.personal, again=True)
    workshop.clock.advance(began - workshop.clock.monotonic())
    second = workshop.make(workshop.personal, again=True)
    assert second.name != first.name
    assert workshop.phases == ["Success", "Success"]


def test_an_accelerated_image_is_the_conversion_and_its_log_is_told(workshop: Workshop) -> None:
    made = workshop.make(workshop.enterprise)
    tags = workshop.cloud.tags(PATH)
    assert tags[f"{SHORT}_accelerated"] == made.digest != tags[SHORT]
    assert made.log_location == "project logs, logstore builds of Simple Log Service"


WRONG: list[tuple[str, Callable[[Emulator], None], type[PipelineError], str]] = [
    ("the build fails", lambda cloud: cloud.fail_build(message="no such file"), BuildFailed, "no such file"),
    ("the build hangs", lambda cloud: cloud.hang_build(), BuildFailed, "after 600 s"),
    ("the way out of the VPC is lost", lambda cloud: cloud.lose_vpc(), BuildFailed, "no way to the registry"),
    ("another digest is pushed", lambda cloud: cloud.push_other_digest(), BuildMismatch, "reported"),
    ("the conversion fails", lambda cloud: cloud.fail_conversion(), BuildFailed, "cannot be accelerated"),
    ("the right to push is missing", lambda cloud: cloud.fail_build(code="AccessDenied"), BuildFailed, "AliyunFCServerlessDevsRole"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "happens", "error", "said"), WRONG, ids=[row[0] for row in WRONG])
def test_what_goes_wrong_is_told_and_nothing_is_left_running(
    workshop: Workshop, what: str, happens: Callable[[Emulator], None], error: type[PipelineError], said: str
) -> None:
    happens(workshop.cloud)
    with pytest.raises(error, match=said):
        workshop.make(workshop.enterprise)
    assert set(workshop.phases) <= {"Success", "Failed", "Canceled"}


def test_a_conversion_that_never_comes_is_told_at_the_deadline(workshop: Workshop) -> None:
    workshop.cloud.stick_conversion()
    with pytest.raises(BuildTimedOut, match=f"{SHORT} was pushed, but ACR has not converted it"):
        workshop.make({**workshop.enterprise, "deadline": 120})
    assert workshop.phases == ["Canceled"]


@pytest.mark.parametrize("again", [False, True], ids=["unless it is there", "always"])
def test_two_who_want_a_commit_at_once_have_one_build(workshop: Workshop, again: bool) -> None:
    maker, request = workshop.maker, workshop.request(workshop.personal)

    def make(_number: int) -> Made:
        return maker.make(request, workshop.told.append, again=again)

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(make, range(4)))
    assert set(made) == {made[0]}
    assert workshop.phases == ["Success"]


@dataclass(frozen=True)
class Pusher:
    """A builder that pushes the original into *cloud*, whose ACR converts it, and names *another* or what it pushed."""

    cloud: Emulator
    another: str = ""

    def build(self, request: BuildRequest, progress: Progress) -> Built:
        digest = self.cloud.push(PATH, SHORT, content="one")
        self.cloud.push(PATH, f"{SHORT}_accelerated", content="one, converted")
        return Built("buildah", "", frozenset({parse_digest(self.another or digest)}))


def test_who_names_only_what_it_has_pushed_says_nothing_of_the_conversion(workshop: Workshop) -> None:
    request = workshop.request(workshop.enterprise)
    made = Maker(Pusher(workshop.cloud), workshop.registries, workshop.clock).make(request, print, again=False)
    assert made.digest == workshop.cloud.tags(PATH)[f"{SHORT}_accelerated"]
    other = Maker(Pusher(workshop.cloud, f"sha256:{0:064}"), workshop.registries, workshop.clock)
    with pytest.raises(BuildMismatch, match=f"{SHORT} is sha256:.*, but buildah reported sha256:0{{64}}"):
        other.make(request, print, again=True)


def test_an_image_with_attestations_is_refused_by_name(workshop: Workshop) -> None:
    workshop.cloud.push(PATH, SHORT, content="one", platforms=("linux/amd64", "unknown/unknown"), index=True)
    with pytest.raises(BuildMismatch, match=f"{PATH}:{SHORT} has build attestations .*--provenance=false"):
        workshop.make(workshop.personal)
    assert workshop.phases == []


@dataclass(frozen=True)
class Builds:
    """A builder that takes its *seconds*, pushes what *push* does, and names nothing."""

    workshop: Workshop
    push: Callable[[Emulator], object]
    seconds: float = 0

    def build(self, request: BuildRequest, progress: Progress) -> Built:
        self.workshop.clock.advance(self.seconds)
        self.push(self.workshop.cloud)
        return Built("buildx", "", frozenset())


def test_an_image_that_was_built_with_attestations_is_refused_by_name(workshop: Workshop) -> None:
    def push(cloud: Emulator) -> None:
        cloud.push(PATH, SHORT, content="one", platforms=("linux/amd64", "unknown/unknown"), index=True)

    maker = Maker(Builds(workshop, push), workshop.registries, workshop.clock)
    with pytest.raises(BuildMismatch, match=f"{PATH}:{SHORT} has build attestations .*--provenance=false"):
        maker.make(workshop.request(workshop.personal), workshop.told.append, again=False)


def test_the_deadline_is_for_build_and_conversion_together(workshop: Workshop) -> None:
    builder = Builds(workshop, lambda cloud: cloud.push(PATH, SHORT, content="one"), seconds=100)
    maker, began = Maker(builder, workshop.registries, workshop.clock), workshop.clock.monotonic()
    with pytest.raises(BuildMismatch, match=f"not in the registry 20 s later; .*{SHORT} was pushed, but ACR has not"):
        maker.make(workshop.request({**workshop.enterprise, "deadline": 120}), print, again=False)
    assert workshop.clock.monotonic() - began == pytest.approx(120)


class Idle:
    """A builder that pushes nothing, and says that all went well: its task was off, say."""

    def build(self, request: BuildRequest, progress: Progress) -> Built:
        return Built("p-off", "", frozenset())


def test_a_success_without_an_image_is_none(workshop: Workshop) -> None:
    maker = Maker(Idle(), workshop.registries, workshop.clock)
    with pytest.raises(BuildMismatch, match=r"p-off succeeded, but .*83f96b6 is not in the registry"):
        maker.make(workshop.request(workshop.personal), workshop.told.append, again=False)


def test_a_registry_that_does_not_answer_is_no_missing_image(workshop: Workshop) -> None:
    workshop.cloud.fail_next("ListInstance", times=10)
    with pytest.raises(RegistryUnavailable):
        workshop.make(workshop.enterprise)
    assert workshop.phases == []
