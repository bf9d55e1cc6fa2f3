"""The OCI client against the emulator's registry, in both positions of every knob of it."""

from datetime import UTC, datetime

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.image import Repository
from fcpin.registry.registries import Registries, RepositoryHandle
from fcpin.registry.settings import RegistrySettings
from tests.support.clock import ManualClock

BUILT = "2026-01-02T03:04:05Z"


def of(cloud: Emulator) -> RepositoryHandle:
    repository = Repository(cloud.address, "shop/app")
    settings = {cloud.address: RegistrySettings(username=cloud.username, password=cloud.password)}
    return Registries(settings).open(repository)


PAGES = [Knobs(oci_page_size=size, oci_sorted=order) for size in (100, 3) for order in (True, False)]


@pytest.mark.parametrize("knobs", PAGES, ids=["one page", "one page, unsorted", "pages of 3", "pages of 3, unsorted"])
def test_every_tag_is_listed(cloud: Emulator, knobs: Knobs) -> None:
    pushed = [f"v{number}" for number in (5, 1, 7, 3, 0, 6, 2, 4)]
    for tag in pushed:
        cloud.push("shop/app", tag)
    repository = of(cloud)
    listed = [record.tag for record in repository.list_tags()]
    assert listed == (sorted(pushed) if knobs.oci_sorted else pushed)
    assert cloud.calls.count("GET tags/list") == (2 if knobs.oci_page_size == 100 else 4), "the first is refused"


@pytest.mark.parametrize(
    "knobs", [Knobs(oci_blob_redirect=True), Knobs(oci_blob_redirect=False)], ids=["elsewhere", "in its place"]
)
def test_the_config_of_an_image_is_read_wherever_its_blob_is(cloud: Emulator, knobs: Knobs) -> None:
    cloud.push("shop/app", "v1", created=BUILT)
    repository = of(cloud)
    assert repository.created(["v1"]) == {"v1": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)}
    elsewhere = [call for call in cloud.calls if "storage" in call.action]
    assert bool(elsewhere) == knobs.oci_blob_redirect


@pytest.mark.parametrize(("seconds", "logins"), [(300, 1), (5, 2)], ids=["still valid", "expired"])
def test_a_token_is_used_while_it_is_valid(seconds: int, logins: int) -> None:
    """The registry's clock is ten seconds on; what the client measures is nothing."""
    clock = ManualClock(datetime.now(UTC))
    with Emulator(knobs=Knobs(oci_token_seconds=seconds), clock=clock).serve() as cloud:
        cloud.push("shop/app", "v1")
        repository = of(cloud)
        repository.resolve("v1")
        clock.advance(10)
        repository.resolve("v1")
        assert cloud.calls.count("GET token") + cloud.calls.count("POST token") == logins
