"""No credential in the state, in the output, in any file of the project, or in the process list."""

import base64
import json
import threading
from pathlib import Path

import psutil

from fcpin.emulator import Emulator
from tests.lifecycle.stack_harness import CONFIG, FUNCTION, PATH, StackHarness
from tests.support.stack import PASSPHRASE, Stack

REGISTRY = "registry.cn-hangzhou.aliyuncs.com"
WORD = "s3cr3t-of-the-function"


class ProcessList:
    """Every command line on the machine while the block runs, sampled."""

    def __init__(self) -> None:
        self.seen: set[str] = set()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._sample)

    def __enter__(self) -> "ProcessList":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._stop.wait(0.05):
            for process in psutil.process_iter():
                try:
                    self.seen.add(" ".join(process.cmdline()))
                except psutil.Error:
                    continue


def log_in_to_docker(stack: Stack, cloud: Emulator) -> None:
    login = base64.b64encode(f"{cloud.username}:{cloud.password}".encode()).decode()
    (stack.folder / ".docker").mkdir()
    (stack.folder / ".docker" / "config.json").write_text(json.dumps({"auths": {REGISTRY: {"auth": login}}}))


def test_credentials_stay_where_they_belong(harness: StackHarness) -> None:
    """Access key from the environment, registry password from docker's own file."""
    log_in_to_docker(harness.stack, harness.cloud)
    harness.push("main-1")
    entry = harness.entry(repository=f"{REGISTRY}/{PATH}")
    harness.configure({FUNCTION: harness.entry(), "other": {**entry, "function_name": "other"}}, registries={
        harness.cloud.enterprise_host: {"endpoint": harness.cloud.url}, REGISTRY: {"endpoint": harness.cloud.url},
    })  # fmt: skip
    with ProcessList() as processes:
        output = harness.up().output
        harness.push("main-2")
        output += harness.up().output
        output += harness.stack.refresh().output
        harness.cloud.fail_next("GetRepoTag", status=403, code="NoPrivilege", times=9)
        output += harness.stack.preview().output
        harness.stack.environment["FCPIN_DEBUG"] = "1"
        harness.cloud.clear_faults()
        harness.cloud.fail_next("GetFunction", status=403, code="AccessDenied", times=9)
        output += harness.stack.refresh().output
    secrets = (harness.cloud.access_key_secret, harness.cloud.password, PASSPHRASE)
    for secret in secrets:
        assert secret not in output
        assert not [line for line in processes.seen if secret in line]
        assert not files_with(harness.stack.folder, secret)
    assert processes.seen


def files_with(folder: Path, secret: str) -> list[Path]:
    """Files of the project and of its state that hold *secret*, plain or in base64; docker's own file apart."""
    texts = (secret.encode(), base64.b64encode(secret.encode()))
    files = (file for file in folder.rglob("*") if file.is_file() and ".docker" not in file.parts)
    return [file for file in files if any(text in file.read_bytes() for text in texts)]


def test_a_registry_password_in_the_stacks_config_is_sealed_in_the_state(harness: StackHarness) -> None:
    password = harness.stack.seal(harness.cloud.password)
    registries = {REGISTRY: {"endpoint": harness.cloud.url, "username": harness.cloud.username, "password": password}}
    policy = {"policy": {"numerical": {}}, "filter_tags": {"pattern": r"^main-(\d+)$", "extract": "$1"}}
    harness.push("main-1")
    harness.configure({FUNCTION: harness.entry(repository=f"{REGISTRY}/{PATH}", **policy)}, registries=registries)
    output = harness.up().output
    assert harness.cloud.password not in output
    assert not files_with(harness.stack.folder, harness.cloud.password)


def test_a_secret_setting_of_a_function_is_deployed_and_never_shown(harness: StackHarness) -> None:
    harness.push("main-1")
    secret = {"environment_variables": {"TOKEN": harness.stack.seal(WORD)}}
    harness.configure({FUNCTION: harness.entry(config={**CONFIG, **secret})})
    output = harness.up().output
    assert harness.cloud.function(FUNCTION)["environmentVariables"] == {"TOKEN": WORD}
    changed = {"environment_variables": {"TOKEN": harness.stack.seal(f"{WORD}-2")}}
    harness.configure({FUNCTION: harness.entry(config={**CONFIG, **changed})})
    output += harness.up("--diff").output
    assert harness.cloud.function(FUNCTION)["environmentVariables"] == {"TOKEN": f"{WORD}-2"}
    assert WORD not in output
    assert not files_with(harness.stack.folder, WORD)


def test_a_login_for_fc_is_sealed_in_the_state_and_rotated(harness: StackHarness) -> None:
    """Of the settings in the stack's file only the password is sealed; the state has the whole of `config` sealed."""

    def login(user: str, password: object) -> None:
        auth = {"user_name": user, "password": password}
        harness.configure({FUNCTION: harness.entry(config={**CONFIG, "registry_config": {"auth_config": auth}})})

    password = harness.cloud.password
    harness.push("main-1")
    login(harness.cloud.username, harness.stack.seal(password))
    output = harness.up().output
    auth = {"userName": harness.cloud.username, "password": "******"}
    assert harness.cloud.function(FUNCTION)["customContainerConfig"]["registryConfig"] == {"authConfig": auth}
    harness.preview("--expect-no-changes")
    output += harness.stack.refresh("--expect-no-changes").output
    harness.push("main-2")
    output += harness.up("--diff").output
    temporary = "w0rd-of-another"
    login(harness.cloud.username, harness.stack.seal(temporary))
    output += harness.preview("--diff").output
    refused = harness.stack.up("--skip-preview", "--diff")
    assert refused.code == 1
    assert "unauthorized" in refused.output
    login(harness.cloud.username, harness.stack.seal(password))
    output += refused.output + harness.stack.preview("--expect-no-changes").output
    for secret in (password, temporary):
        assert secret not in output
        assert not files_with(harness.stack.folder, secret)


def test_a_login_that_a_program_gives_in_plain_text_is_sealed_in_the_state(harness: StackHarness) -> None:
    """The program's own file has it then; nothing else."""
    (harness.stack.folder / "__main__.py").write_text(
        PROGRAM.format(repository=harness.repository, user=harness.cloud.username, password=harness.cloud.password)
    )
    harness.push("main-1")
    output = harness.up().output
    output += harness.stack.refresh("--expect-no-changes").output
    output += harness.preview("--expect-no-changes").output
    assert (
        harness.cloud.function(FUNCTION)["customContainerConfig"]["registryConfig"]["authConfig"]["password"]
        == "******"
    )
    assert harness.cloud.password not in output
    files = [file.name for file in files_with(harness.stack.folder, harness.cloud.password)]
    assert {name for name in files if not name.endswith(".pyc")} == {"__main__.py"}


PROGRAM = """
import pulumi
from fcpin.pinned_function import PinnedFunction

login = {{"user_name": "{user}", "password": "{password}"}}
pin = PinnedFunction(
    "checkout",
    function_name="checkout",
    repository="{repository}",
    policy={{"family": {{"name": "main"}}}},
    config=pulumi.Output.from_input({{"port": 9000, "registry_config": {{"auth_config": login}}}}),
)
other = {{"port": 9000, "registry_config": {{"auth_config": login}}}}
PinnedFunction("other", function_name="other", repository="{repository}", policy={{"family": {{"name": "main"}}}}, config=other)
"""
