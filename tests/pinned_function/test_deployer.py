"""What a deployment believes, refuses and protects: answers of FC, locks, registry logins, deletions."""

import json
from typing import Any, Final, Literal

import pytest

from fcpin.emulator import Emulator, Knobs
from fcpin.fc.client import FunctionClient
from fcpin.fc.model import Function
from fcpin.http.credentials import Credentials
from fcpin.http.retries import Retry
from fcpin.pinned_function.provider import ProviderError
from tests.support.faulty_proxy import Call, Connection, Fault, FaultyProxy, Reply
from tests.support.instant import INSTANT
from tests.support.plugin import CONFIG, PATH, REGION, Plugin, SharedClock, wanted

ANSWERS: Final[tuple[Literal["status", "bare", "stale"], ...]] = ("status", "bare", "stale")
NETWORK = {"vpcId": "vpc-1", "vSwitchId": "vsw-1", "securityGroupId": "sg-1"}


def digest_of(cloud: Emulator) -> str:
    return str(cloud.function("checkout")["customContainerConfig"]["resolvedImageUri"].partition("@")[2])


def registry_of(cloud: Emulator) -> dict[str, Any]:
    """`registryConfig` as FC keeps it, the password included."""
    settings = cloud._account.functions.record("checkout").wanted.settings
    return dict(settings["customContainerConfig"].get("registryConfig") or {})


class LaggingClient(FunctionClient):
    """Reads of functions may be late, deletions may get lost, and functions may return."""

    def __init__(self, cloud: Emulator) -> None:
        credentials = Credentials(cloud.access_key_id, cloud.access_key_secret)
        super().__init__(REGION, endpoint=cloud.url, credentials=credentials, retry=Retry(attempts=1))
        self._old: Function | None = None
        self._late = self._lost = self._blank = 0
        self._blank_after_deletion = 0
        self._recreated: dict[str, Any] | None = None
        self._cloud = cloud

    def lag(self, reads: int) -> None:
        """After the next update that many reads return the function as it was before."""
        self._old, self._late = None, reads

    def lose_deletions(self, times: int) -> None:
        """That many deletions are answered, and not carried out."""
        self._lost = times

    def recreate(self, body: dict[str, Any]) -> None:
        """The function is created again as soon as it is deleted."""
        self._recreated = body

    def answer_nothing(self, reads: int) -> None:
        """That many reads return an object without keys, and as many after each deletion."""
        self._blank = self._blank_after_deletion = reads

    def get(self, name: str, qualifier: str = "") -> Function:
        if self._blank > 0:
            self._blank -= 1
            return Function.from_wire({})
        if self._old is not None and self._late > 0:
            self._late -= 1
            return self._old
        return super().get(name, qualifier)

    def update(self, name: str, body: Any) -> Function:
        self._old = super().get(name) if self._late else None
        self._cloud.advance(2)
        return super().update(name, body)

    def delete(self, name: str) -> None:
        self._blank = self._blank_after_deletion
        if self._lost > 0:
            self._lost -= 1
        else:
            super().delete(name)
            if self._recreated:
                self._cloud._account.functions.create(self._recreated)


def function_of(image: str, **container: Any) -> dict[str, Any]:
    """The body of a function that another tool creates."""
    name = {"functionName": "checkout", "runtime": "custom-container", "handler": "h"}
    return {**name, "customContainerConfig": {"image": image, **container}}


@pytest.mark.parametrize(
    "knobs", [Knobs(create_seconds=0, update_seconds=3, update_answer=answer) for answer in ANSWERS], ids=ANSWERS
)
def test_an_update_has_ended_when_get_function_returns_so_whatever_its_answer_was(
    cloud: Emulator, plugin: Plugin
) -> None:
    """The clock of the cloud stands still here, so FC works on it until the deadline."""
    old = cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    cloud.push(PATH, "main-2")
    with pytest.raises(ProviderError, match=r"not ready after 5 s .*InProgress"):
        plugin.up(**wanted(cloud, deadline=5.0))
    cloud.advance(3)
    assert plugin.up(**wanted(cloud))["last_update_status"] == "Successful"
    newest = cloud.push(PATH, "main-3")
    assert newest != old
    cloud.fail_update("checkout", reason_code="ImageOptimizeFailed", reason="cannot convert")
    plugin.clock = SharedClock(cloud)
    failed = "last update Failed, ImageOptimizeFailed: cannot convert; the old image keeps"
    with pytest.raises(ProviderError, match=failed):
        plugin.up(**wanted(cloud))
    assert plugin.outputs["tag"] == "main-2"
    assert plugin.changes(**wanted(cloud))


@pytest.mark.parametrize("knobs", [Knobs(create_seconds=0, update_answer="bare")])
def test_a_creation_that_fails_later_is_a_failure(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    cloud.fail_update("checkout", reason_code="ImageOptimizeFailed", reason="cannot convert")
    with pytest.raises(ProviderError, match=r"state Failed, .*it cannot be invoked"):
        plugin.up(**wanted(cloud))


def test_at_least_one_read_follows_every_create_and_update(cloud: Emulator, plugin: Plugin) -> None:
    for tag in ("main-1", "main-2"):
        cloud.push(PATH, tag)
        cloud.calls.clear()
        plugin.up(**wanted(cloud))
        calls = [call.action for call in cloud.calls if call.action.endswith("Function")]
        assert calls == ["GetFunction", "CreateFunction" if tag == "main-1" else "UpdateFunction", "GetFunction"]


@pytest.fixture
def client(cloud: Emulator) -> LaggingClient:
    return LaggingClient(cloud)


@pytest.fixture
def lagging(cloud: Emulator, client: LaggingClient) -> Plugin:
    """A function that runs main-1, behind the client."""
    plugin = Plugin(cloud, client=client)
    cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    return plugin


@pytest.mark.parametrize("knobs", [INSTANT, Knobs(create_seconds=0, update_seconds=0, update_answer="stale")])
def test_reads_older_than_the_request_are_not_believed(cloud: Emulator, client: LaggingClient, lagging: Plugin) -> None:
    new = cloud.push(PATH, "main-2")
    client.lag(4)
    assert lagging.up(**wanted(cloud))["resolved_image_uri"].endswith(new)
    client.lag(4)
    more = {**CONFIG, "timeout": 77}
    assert lagging.up(**wanted(cloud, config=more))["config"] == more
    assert cloud.function("checkout")["timeout"] == 77
    assert len(lagging.clock.slept) >= 8


def test_stale_reads_for_ever_are_reported_every_30_seconds_until_the_deadline(
    cloud: Emulator, client: LaggingClient, lagging: Plugin
) -> None:
    cloud.push(PATH, "main-2")
    client.lag(100_000)
    with pytest.raises(ProviderError, match=r"not ready after 600 s \(GetFunction still returns it as it was before"):
        lagging.up(**wanted(cloud))
    waits = [line for line in lagging.log if "waiting for" in line]
    assert len(waits) >= 600 // 30 - 1
    assert waits[0].startswith("info: function checkout: waiting for 2")
    assert "of at most 600 s: GetFunction still returns it as it was before the request" in waits[0]


def test_a_deletion_is_repeated_until_the_function_is_gone_and_one_that_stays_is_not_forgotten(
    cloud: Emulator, client: LaggingClient, lagging: Plugin
) -> None:
    lagging.up(**wanted(cloud, deadline=120.0))
    client.lose_deletions(100_000)
    reason = r"function checkout: not deleted after 120 s \(GetFunction still finds it\)"
    with pytest.raises(ProviderError, match=reason):
        lagging.destroy()
    assert lagging.outputs
    assert len([line for line in lagging.log if "waiting for" in line]) >= 3
    client.lose_deletions(0)
    client.answer_nothing(1)
    with pytest.raises(ProviderError, match="returned no functionId"):
        lagging.destroy()
    assert lagging.outputs, "an answer that is not a function is not a deletion"
    client.lose_deletions(3)
    lagging.destroy()
    assert cloud.functions() == []


def test_a_function_of_the_same_name_that_appears_while_one_is_deleted_stays(
    cloud: Emulator, client: LaggingClient, lagging: Plugin
) -> None:
    client.recreate(function_of(lagging.outputs["image"]))
    lagging.destroy()
    assert [one["functionName"] for one in cloud.functions()] == ["checkout"]
    assert "another one of that name exists: it stays" in lagging.log[-1]


# locks


@pytest.mark.parametrize("protect", ["none", "pin_tag"])
def test_a_locked_function_is_neither_deployed_nor_deleted_and_names_the_owner(
    cloud: Emulator, plugin: Plugin, protect: str
) -> None:
    settings = wanted(cloud, protect=protect)
    cloud.push(PATH, "main-1")
    plugin.up(**settings)
    cloud.push(PATH, "main-2")
    cloud.lock("checkout", by="acs:ram::1:user/ops", resources=["function", "trigger"])
    before = cloud.tags(PATH)
    cloud.calls.clear()
    reason = r"function checkout is locked by acs:ram::1:user/ops since \S+Z \(function, trigger\)"
    with pytest.raises(ProviderError, match=f"{reason}; nothing was deployed; unlock it and run again"):
        plugin.up(**settings)
    with pytest.raises(ProviderError, match=f"{reason} and was not deleted; unlock it first"):
        plugin.destroy()
    assert {call.action for call in cloud.calls} & {"UpdateFunction", "DeleteFunction", "CreateRepoTag"} == set()
    assert cloud.tags(PATH) == before
    cloud.lock("checkout", by="ops", resources=["version", "alias"])
    assert plugin.up(**settings)["tag"] == "main-2", "a lock of versions hinders no deployment"


@pytest.mark.parametrize("kind", ["function-locked", "function-disabled"])
def test_a_refresh_shows_it_and_only_a_deployment_is_refused(cloud: Emulator, plugin: Plugin, kind: str) -> None:
    cloud.push(PATH, "main-1")
    plugin.up(**wanted(cloud))
    cloud.lock("checkout", by="ops") if kind == "function-locked" else cloud.restrict("checkout", reason="overdue")
    assert plugin.refresh()
    assert plugin.outputs["drift"].startswith(f"{kind}: ")
    assert not plugin.changes(**wanted(cloud))
    cloud.push(PATH, "main-2")
    cloud.calls.clear()
    reason = "locked by ops" if kind == "function-locked" else "cannot be invoked, FC disabled it: overdue; nothing was"
    with pytest.raises(ProviderError, match=reason):
        plugin.up(**wanted(cloud))
    assert cloud.calls.count("UpdateFunction") == 0


def test_a_refresh_takes_no_image_over_that_is_not_one(cloud: Emulator) -> None:
    """With an emptied tag in the state the next `up` could deploy an older one."""

    def spoil(connection: Connection, call: Call) -> None:
        function = json.loads(call.forward().body)
        function["customContainerConfig"]["image"] = " "
        connection.send(Reply(200, {}, json.dumps(function).encode()))

    cloud.push(PATH, "main-1")
    cloud.push(PATH, "main-2")
    with FaultyProxy(cloud.address) as proxy:
        plugin = Plugin(cloud, url=proxy.url)
        before = dict(plugin.up(**wanted(cloud)))
        proxy.fail("GetFunction", Fault("an image of spaces", spoil))
        with pytest.raises(
            ProviderError, match="expected an image HOST/NAMESPACE/NAME:TAG, got ' '; the state is unchanged"
        ):
            plugin.refresh()
    assert plugin.outputs == before


# logins of registries


def adopt_with_login(cloud: Emulator, **registry: Any) -> None:
    """A function of a private registry, created by another tool."""
    auth = {"userName": cloud.username, "password": cloud.password}
    image = f"{cloud.enterprise_host}/{PATH}:main-1"
    cloud._account.functions.create(function_of(image, registryConfig={"authConfig": auth, **registry}))


MERGES = [
    (INSTANT, {}),
    (INSTANT, {"networkConfig": NETWORK}),
    (Knobs(create_seconds=0, update_seconds=0, nested_merge="merge"), {"networkConfig": NETWORK}),
]


@pytest.mark.parametrize(("knobs", "registry"), MERGES, ids=["login", "login and network", "nested objects merged"])
def test_an_adopted_function_keeps_its_login(cloud: Emulator, plugin: Plugin, registry: dict[str, Any]) -> None:
    cloud.push(PATH, "main-1")
    adopt_with_login(cloud, **registry)
    before = registry_of(cloud)
    new = cloud.push(PATH, "main-2")
    plugin.up(**wanted(cloud, config=None))
    assert (registry_of(cloud), digest_of(cloud)) == (before, new)


def test_a_resent_image_keeps_the_login_too(cloud: Emulator, plugin: Plugin) -> None:
    """The tag moves before FC resolves it and is back afterwards, so that the image has to be sent a second time."""
    cloud.push(PATH, "main-1")
    adopt_with_login(cloud, networkConfig=NETWORK)
    before, new = registry_of(cloud), cloud.push(PATH, "main-2")
    other = cloud.push(PATH, "other")
    cloud.after_next("GetRepoTag", "after_next", {
        "action": "GetRepoTag", "verb": "retag", "arguments": {"repository": PATH, "tag": "main-2", "to": other},
    })  # fmt: skip
    cloud.after_next("UpdateFunction", "retag", {"repository": PATH, "tag": "main-2", "to": new})
    plugin.up(**wanted(cloud, config=None))
    assert [call.action for call in cloud.calls].count("UpdateFunction") == 2
    assert (registry_of(cloud), digest_of(cloud)) == (before, new)


@pytest.mark.parametrize("knobs", [Knobs(create_seconds=0, update_seconds=0, update_merge="replace")])
def test_a_login_that_the_cloud_dropped_is_a_failure_that_with_the_way_out(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    adopt_with_login(cloud)
    cloud.push(PATH, "main-2")
    message = r"UpdateFunction removed its registry login \(user emulator\).*config\.registry_config"
    with pytest.raises(ProviderError, match=message) as error:
        plugin.up(**wanted(cloud, config=None))
    assert cloud.password not in str(error.value)


@pytest.mark.parametrize(
    "knobs", [INSTANT, Knobs(create_seconds=0, update_seconds=0, update_merge="replace")], ids=["merge", "replace"]
)
def test_a_login_in_config_is_given_to_fc_kept_and_rotated(cloud: Emulator, plugin: Plugin) -> None:
    def login(password: str, **more: Any) -> dict[str, Any]:
        registry = {"auth_config": {"user_name": cloud.username, "password": password}, **more}
        return wanted(cloud, config={**CONFIG, "registry_config": registry})

    cloud.push(PATH, "main-1")
    plugin.up(**login(cloud.password))
    auth = {"userName": cloud.username, "password": cloud.password}
    assert registry_of(cloud) == {"authConfig": auth}
    assert not plugin.changes(**login(cloud.password))
    assert not plugin.refresh()
    cloud.push(PATH, "main-2")
    plugin.up(**login(cloud.password))
    assert registry_of(cloud) == {"authConfig": auth}

    assert plugin.changes(**login("not-the-password"))
    with pytest.raises(ProviderError, match="unauthorized") as error:
        plugin.up(**login("not-the-password"))
    assert "not-the-password" not in str(error.value)
    assert registry_of(cloud) == {"authConfig": auth}

    network = {"network_config": {"vpc_id": "vpc-1", "v_switch_id": "vsw-1", "security_group_id": "sg-1"}}
    plugin.up(**login(cloud.password, **network))
    assert registry_of(cloud) == {"authConfig": auth, "networkConfig": NETWORK}
    cloud.configure(
        "checkout", {"customContainerConfig": {"registryConfig": {"networkConfig": NETWORK}, **image(cloud)}}
    )
    assert plugin.refresh()
    plugin.up(**login(cloud.password, **network))
    assert registry_of(cloud) == {"authConfig": auth, "networkConfig": NETWORK}


def image(cloud: Emulator) -> dict[str, Any]:
    return {"image": cloud.function("checkout")["customContainerConfig"]["image"]}


def test_a_login_is_not_dropped_by_a_registry_config_without_one(cloud: Emulator, plugin: Plugin) -> None:
    cloud.push(PATH, "main-1")
    adopt_with_login(cloud)
    before = registry_of(cloud)
    config = {"registry_config": {"cert_config": {"insecure": True}}}
    with pytest.raises(
        ProviderError, match=r"has a registry login \(user emulator\).*add auth_config.*nothing was deployed"
    ):
        plugin.up(**wanted(cloud, config=config, adopt=True))
    assert registry_of(cloud) == before
    assert "UpdateFunction" not in {call.action for call in cloud.calls}
