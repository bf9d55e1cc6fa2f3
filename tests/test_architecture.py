"""The rooms keep their doors: who may import whom, and the one path that must never move."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "providers" / "fcpin"

PURE = ["fcpin.errors", "fcpin.image", "fcpin.acr_hosts", "fcpin.models", "fcpin.policy", "msgspec"]
RE2 = "re2"  # docs/adr/0014-re2.md
SDKS = ("alibabacloud", "darabonba", "Tea")

MAY_IMPORT_SDKS = {"http/openapi.py"}
"""Credentials and signatures: `exchange` sends, within limits."""
MAY_SEND = {"http/exchange.py"}

PROGRAMS = ("emulator", "engine", "receiver")
"""Packages that run as processes of their own."""

FORBIDDEN = [
    (
        "registries know nothing of functions, policies or Pulumi",
        "registry/*.py",
        ("pulumi", "fcpin.fc", "fcpin.policy", "fcpin.pinned_function"),
    ),
    (
        "the FC client knows nothing of registries, policies or Pulumi",
        "fc/*.py",
        ("pulumi", "fcpin.registry", "fcpin.policy", "fcpin.pinned_function"),
    ),
    (
        "the Devs client knows nothing of registries, policies, functions or Pulumi",
        "pipelines/devs.py",
        ("pulumi", "fcpin.registry", "fcpin.policy", "fcpin.fc", "fcpin.pinned_function"),
    ),
    (
        "the plan is pure",
        "pinned_function/plan.py",
        ("fcpin.registry", "fcpin.http.openapi", "fcpin.fc.client", "pulumi", "os", "time"),
    ),
    *(
        (
            "documents of pipelines are read and checked without I/O",
            f"pipelines/{name}.py",
            ("pulumi", "fcpin.registry", "fcpin.http.openapi", "fcpin.fc.client", "fcpin.pipelines.devs", "os", "time"),
        )
        for name in ("document", "model", "checks", "environments", "spec", "variables")
    ),
    (
        "building needs no Pulumi",
        "pipelines/*.py",
        ("pulumi", "fcpin.pinned_function", "fcpin.image_pipeline"),
    ),
    (
        "drift depends on functions and registries alone",
        "drift.py",
        ("pulumi", "fcpin.pinned_function", "fcpin.stack", "fcpin.fc.client", "fcpin.http.openapi"),
    ),
]

RECEIVER_FORBIDDEN = [
    (
        "parsers of webhooks are pure",
        "senders/*.py",
        (
            "os",
            "socket",
            "subprocess",
            "time",
            "random",
            "starlette",
            "uvicorn",
            "fcpin.receiver.web",
            "fcpin.receiver.ledger",
        ),
    ),
    (
        "the pin index queries no registry and starts no process",
        "pin_index.py",
        ("os", "socket", "subprocess", "time", "random", "starlette", "fcpin.registry", "fcpin.http.openapi"),
    ),
    (
        "the ledger's rules are pure",
        "ledger/rules.py",
        (
            "os",
            "time",
            "sqlite3",
            "redis",
            "fcpin.clock",
            "fcpin.receiver.ledger.sqlite",
            "fcpin.receiver.ledger.redis",
        ),
    ),
    ("deploy windows are pure", "work/windows.py", ("os", "time", "fcpin.clock", "fcpin.receiver.ledger")),
]


def imports(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative import"
            yield node.module or ""


def within(name: str, roots: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in roots)


@pytest.mark.parametrize(
    "file",
    [
        PACKAGE / "image.py",
        PACKAGE / "acr_hosts.py",
        PACKAGE / "errors.py",
        PACKAGE / "models.py",
        *sorted((PACKAGE / "policy").glob("*.py")),
    ],
    ids=str,
)
def test_the_core_imports_the_standard_library_and_itself(file: Path) -> None:
    allowed = (*sys.stdlib_module_names, *PURE, *((RE2,) if file.name == "patterns.py" else ()))
    io = ("os", "socket", "subprocess", "urllib", "http", "time", "random", "pathlib")
    for name in imports(file):
        assert within(name, allowed), f"{file.name} imports {name}"
        assert not within(name, io), f"{file.name} imports {name}: the core has no I/O, no clock and no chance"


@pytest.mark.parametrize(("label", "files", "forbidden"), FORBIDDEN, ids=[row[0] for row in FORBIDDEN])
def test_doors_that_stay_shut(label: str, files: str, forbidden: tuple[str, ...]) -> None:
    found = list(PACKAGE.glob(files))
    assert found, label
    for file in found:
        for name in imports(file):
            assert not within(name, forbidden), f"{file.relative_to(PACKAGE)} imports {name}: {label}"


@pytest.mark.parametrize(
    ("label", "files", "forbidden"), RECEIVER_FORBIDDEN, ids=[row[0] for row in RECEIVER_FORBIDDEN]
)
def test_doors_of_the_receiver_that_stay_shut(label: str, files: str, forbidden: tuple[str, ...]) -> None:
    found = list((ROOT / "providers" / "fcpin" / "receiver").glob(files))
    assert found, label
    for file in found:
        for name in imports(file):
            assert not within(name, forbidden), f"{file.relative_to(ROOT)} imports {name}: {label}"


def test_every_request_is_sent_within_limits() -> None:
    """urllib3 is used in one place. Nothing else of fcpin opens connections, but the SDK's credential chain."""
    clients = ("urllib3", "http.client", "urllib.request", "requests", "aiohttp", "httpx", "socket")
    users = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if any(within(name, clients) for name in imports(file)) and file.relative_to(PACKAGE).parts[0] not in PROGRAMS
    }
    assert users == MAY_SEND


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_is_imported_by_itself_and_tests_alone(program: str) -> None:
    """Production code never imports the emulator, and only starts the engine and the receiver as processes."""
    for file in PACKAGE.rglob("*.py"):
        if file.relative_to(PACKAGE).parts[0] != program:
            for name in imports(file):
                assert not within(name, (f"fcpin.{program}",)), f"{file.relative_to(PACKAGE)} imports {name}"


def test_the_package_imports_nothing_of_the_repository_around_it() -> None:
    for file in PACKAGE.rglob("*.py"):
        for name in imports(file):
            assert not within(name, ("tests", "demo", "bench")), f"{file.relative_to(PACKAGE)} imports {name}"


def test_the_sdk_is_used_in_one_room() -> None:
    users = {
        str(file.relative_to(PACKAGE))
        for file in PACKAGE.rglob("*.py")
        if any(name.startswith(SDKS) for name in imports(file))
    }
    assert users == MAY_IMPORT_SDKS


@pytest.mark.parametrize(
    ("module", "heavy"),
    [
        ("fcpin.cli", ("re2", "ruamel", "yaml", "pulumi", "alibabacloud_tea_openapi", "urllib3", "grpc", "rich")),
        ("fcpin.policy", ("pulumi", "urllib3", "stamina")),
        (
            "fcpin.pinned_function",
            ("alibabacloud_tea_openapi", "urllib3", "stamina", "fcpin.registry", "pulumi_alicloud"),
        ),
        (
            "fcpin.initial_image",
            ("alibabacloud_tea_openapi", "urllib3", "stamina", "fcpin.registry", "pulumi_alicloud"),
        ),
        (
            "fcpin.image_pipeline",
            ("alibabacloud_tea_openapi", "urllib3", "stamina", "ruamel", "fcpin.registry", "pulumi_alicloud"),
        ),
        ("fcpin.container_function", ("alibabacloud_tea_openapi", "urllib3", "stamina", "fcpin.registry")),
        ("fcpin.pinned_function.services", ("alibabacloud_tea_openapi",)),
        ("fcpin.pipelines.running", ("alibabacloud_tea_openapi", "pulumi", "urllib3", "grpc")),
    ],
)
def test_heavy_imports_stay_out_of_paths_that_need_none(module: str, heavy: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not set(heavy) & set(loaded)


def test_the_type_that_states_and_previews_are_searched_for_is_the_resource_s() -> None:
    from fcpin.image import PIN_TYPE
    from fcpin.pinned_function import PinnedFunction

    assert f"pulumi-python:{PinnedFunction._resource_type_name}" == PIN_TYPE


STORED = [
    (
        "PinnedFunction",
        "fcpin.pinned_function.provider.PinnedFunctionProvider",
        "gASVQAAAAAAAAACMHmZjcGluLnBpbm5lZF9mdW5jdGlvbi5wcm92aWRlcpSMFlBpbm5lZEZ1bmN0aW9uUHJvdmlkZXKUk5QpgZQu",
    ),
    (
        "InitialImage",
        "fcpin.initial_image.provider.InitialImageProvider",
        "gASVPAAAAAAAAACMHGZjcGluLmluaXRpYWxfaW1hZ2UucHJvdmlkZXKUjBRJbml0aWFsSW1hZ2VQcm92aWRlcpSTlCmBlC4=",
    ),
    (
        "ImagePipeline",
        "fcpin.image_pipeline.provider.ImagePipelineProvider",
        "gASVPgAAAAAAAACMHWZjcGluLmltYWdlX3BpcGVsaW5lLnByb3ZpZGVylIwVSW1hZ2VQaXBlbGluZVByb3ZpZGVylJOUKYGULg==",
    ),
]


@pytest.mark.parametrize(("path", "stored"), [row[1:] for row in STORED], ids=[row[0] for row in STORED])
def test_the_import_path_of_a_provider_is_a_contract_with_every_stored_stack(path: str, stored: str) -> None:
    """States of version 0.1.0 hold exactly this text; the class behind it must load and be Pulumi's provider."""
    import base64

    import dill
    from pulumi.dynamic import ResourceProvider
    from pulumi.dynamic.dynamic import serialize_provider

    provider = dill.loads(base64.b64decode(stored))  # noqa: S301 - as the Pulumi SDK does
    assert f"{type(provider).__module__}.{type(provider).__qualname__}" == path
    assert isinstance(provider, ResourceProvider)
    assert vars(provider) == {}
    assert len(serialize_provider(type(provider)())) < 200
