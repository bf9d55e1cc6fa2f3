"""No credential in the state, in the output, in any file of the project, or in the process list."""

import base64
import json
import threading
from pathlib import Path

import psutil

from fcpin.emulator import Emulator
from tests.lifecycle.shop import CONFIG, FUNCTION, PATH, Shop
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


def test_credentials_stay_where_they_belong(shop: Shop) -> None:
    """Access key from the environment, registry password from docker's own file."""
    log_in_to_docker(shop.stack, shop.cloud)
    shop.push("main-1")
    entry = shop.entry(repository=f"{REGISTRY}/{PATH}")
    shop.configure({FUNCTION: shop.entry(), "other": {**entry, "function_name": "other"}}, registries={
        shop.cloud.enterprise_host: {"endpoint": shop.cloud.url}, REGISTRY: {"endpoint": shop.cloud.url},
    })  # fmt: skip
    with ProcessList() as processes:
        output = shop.up().output
        shop.push("main-2")
        output += shop.up().output
        output += shop.stack.refresh().output
        shop.cloud.fail_next("GetRepoTag", status=403, code="NoPrivilege", times=9)
        output += shop.stack.preview().output
        shop.stack.environment["FCPIN_DEBUG"] = "1"
        shop.cloud.clear_faults()
        shop.cloud.fail_next("GetFunction", status=403, code="AccessDenied", times=9)
        output += shop.stack.refresh().output
    secrets = (shop.cloud.access_key_secret, shop.cloud.password, PASSPHRASE)
    for secret in secrets:
        assert secret not in output
        assert not [line for line in processes.seen if secret in line]
        assert not files_with(shop.stack.folder, secret)
    assert processes.seen


def files_with(folder: Path, secret: str) -> list[Path]:
    """Files of the project and of its state that hold *secret*, plain or in base64; docker's own file apart."""
    texts = (secret.encode(), base64.b64encode(secret.encode()))
    files = (file for file in folder.rglob("*") if file.is_file() and ".docker" not in file.parts)
    return [file for file in files if any(text in file.read_bytes() for text in texts)]


def test_a_registry_password_in_the_stacks_config_is_sealed_in_the_state(shop: Shop) -> None:
    password = shop.stack.seal(shop.cloud.password)
    registries = {REGISTRY: {"endpoint": shop.cloud.url, "username": shop.cloud.username, "password": password}}
    policy = {"policy": {"numerical": {}}, "filter_tags": {"pattern": r"^main-(\d+)$", "extract": "$1"}}
    shop.push("main-1")
    shop.configure({FUNCTION: shop.entry(repository=f"{REGISTRY}/{PATH}", **policy)}, registries=registries)
    output = shop.up().output
    assert shop.cloud.password not in output
    assert not files_with(shop.stack.folder, shop.cloud.password)


def test_a_secret_setting_of_a_function_is_deployed_and_never_shown(shop: Shop) -> None:
    shop.push("main-1")
    secret = {"environment_variables": {"TOKEN": shop.stack.seal(WORD)}}
    shop.configure({FUNCTION: shop.entry(config={**CONFIG, **secret})})
    output = shop.up().output
    assert shop.cloud.function(FUNCTION)["environmentVariables"] == {"TOKEN": WORD}
    changed = {"environment_variables": {"TOKEN": shop.stack.seal(f"{WORD}-2")}}
    shop.configure({FUNCTION: shop.entry(config={**CONFIG, **changed})})
    output += shop.up("--diff").output
    assert shop.cloud.function(FUNCTION)["environmentVariables"] == {"TOKEN": f"{WORD}-2"}
    assert WORD not in output
    assert not files_with(shop.stack.folder, WORD)


def test_a_login_for_fc_is_sealed_in_the_state_and_rotated(shop: Shop) -> None:
    """Of the settings in the stack's file only the password is sealed; the state has the whole of `config` sealed."""

    def login(user: str, password: object) -> None:
        auth = {"user_name": user, "password": password}
        shop.configure({FUNCTION: shop.entry(config={**CONFIG, "registry_config": {"auth_config": auth}})})

    password = shop.cloud.password
    shop.push("main-1")
    login(shop.cloud.username, shop.stack.seal(password))
    output = shop.up().output
    auth = {"userName": shop.cloud.username, "password": "******"}
    assert shop.cloud.function(FUNCTION)["customContainerConfig"]["registryConfig"] == {"authConfig": auth}
    shop.preview("--expect-no-changes")
    output += shop.stack.refresh("--expect-no-changes").output
    shop.push("main-2")
    output += shop.up("--diff").output
    temporary = "w0rd-of-another"
    login(shop.cloud.username, shop.stack.seal(temporary))
    output += shop.preview("--diff").output
    refused = shop.stack.up("--skip-preview", "--diff")
    assert refused.code == 1
    assert "unauthorized" in refused.output
    login(shop.cloud.username, shop.stack.seal(password))
    output += refused.output + shop.stack.preview("--expect-no-changes").output
    for secret in (password, temporary):
        assert secret not in output
        assert not files_with(shop.stack.folder, secret)


def test_a_login_that_a_program_gives_in_plain_text_is_sealed_in_the_state(shop: Shop) -> None:
    """The program's own file has it then; nothing else."""
    (shop.stack.folder / "__main__.py").write_text(
        PROGRAM.format(repository=shop.repository, user=shop.cloud.username, password=shop.cloud.password)
    )
    shop.push("main-1")
    output = shop.up().output
    output += shop.stack.refresh("--expect-no-changes").output
    output += shop.preview("--expect-no-changes").output
    assert (
        shop.cloud.function(FUNCTION)["customContainerConfig"]["registryConfig"]["authConfig"]["password"] == "******"
    )
    assert shop.cloud.password not in output
    files = [file.name for file in files_with(shop.stack.folder, shop.cloud.password)]
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
