"""Every kind of input that fcpin reads, and the code that reads it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import urllib3
from hypothesis import strategies as st

from fcpin.acr_hosts import acr_host
from fcpin.cli.cases import read_cases
from fcpin.cli.changes import markdown, read_preview
from fcpin.cli.tag_input import read_tags
from fcpin.engine.errors import EngineError
from fcpin.engine.phase import require_supported
from fcpin.engine.providers import class_of
from fcpin.engine.stack import Lock, Stack
from fcpin.engine.state import read_checkpoint, read_latest, salt_of
from fcpin.errors import FcpinError, InvalidInput
from fcpin.function_files import function_files
from fcpin.http.exchange import Response, retry_after
from fcpin.image import Image, Repository, is_tag, parse_digest
from fcpin.json_reader import read_json
from fcpin.pinned_function.approvals import FILE, Approvals
from fcpin.pipelines.checks import check
from fcpin.pipelines.document import DocumentFile
from fcpin.pipelines.spec import pipelines_in, read_all
from fcpin.policy import Policy, Ranking
from fcpin.receiver.errors import Rejected
from fcpin.receiver.senders import SENDERS
from fcpin.receiver.settings.read import read_settings
from fcpin.registry.auth import parse_challenges
from fcpin.registry.distribution import Distribution
from fcpin.registry.logins import DockerLogins
from fcpin.registry.session import Transport
from fcpin.serverless_devs.adoption import Adoptable, new_entries
from fcpin.serverless_devs.document import SYaml
from fcpin.serverless_devs.functions import functions_of_file
from fcpin.settings import Settings
from fcpin.stack.project import Project, read_file, stack_file
from fcpin.stack.stack import pins_in
from fcpin.stack.yaml_edit import NewEntry, with_functions, with_hold
from fcpin.yaml_reader import YamlFile
from tests.fuzz.spoiling import LEAVES, ODD_TEXTS, VALUES, as_bytes, documents, spoilt, spoilt_bytes
from tests.receiver.senders.requests import FIXTURES, Request, sender

ROOT: Final = Path(__file__).parent.parent.parent
NOW: Final = datetime(2026, 12, 1, tzinfo=UTC)
HOST: Final = "registry.example.com"
TEXTS: Final = st.sampled_from(ODD_TEXTS) | st.text(max_size=40)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of input."""

    name: str
    inputs: st.SearchStrategy[Any]
    feed: Callable[[Any, Path], object]
    """Feeds one input to every reader of the kind. The folder is empty."""
    expected: tuple[type[Exception], ...] = (FcpinError,)


def written(folder: Path, name: str, content: bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def each(*reads: Callable[[], object], expected: tuple[type[Exception], ...] = (FcpinError, EngineError)) -> None:
    """Call each of *reads*, also after an expected error; raise the last expected error."""
    last: Exception | None = None
    for read in reads:
        try:
            read()
        except expected as error:
            last = error
    if last:
        raise last


# policies and tags

POLICIES: Final[Sequence[Mapping[str, Any]]] = [
    {"policy": {"family": {"name": "main", "rule": "seed"}}, "allow_tags": ["main-.*"], "on_empty": "keep"},
    {"policy": {"semver": {"range": ">=1.2 <3 || ~4.1", "strict": False}}, "ignore_tags": ["rc"], "min_age": "2h30m"},
    {"policy": {"numerical": {"order": "desc"}}, "filter_tags": {"pattern": r"^v(?P<n>\d+)-(.*)$", "extract": "$n"}},
    {"policy": {"alphabetical": {"order": "asc"}}, "platform": "linux/amd64", "allow_downgrade": True},
    {"policy": {"newest": {"by": "pushed"}}, "accelerated": "prefer", "accelerated_wait": "10m"},
    {"policy": {"newest": {"by": "created"}}, "discovery_limit": 10, "suspend": False},
    {"policy": {"digest": {"tag": "main"}}, "protect": "pin_tag"},
    {"policy": {"follow": {"stack": "dev", "function": "a", "image": f"{HOST}/shop/app:main-1@sha256:{'a' * 64}"}}},
    {"family": {}, "hold": {"tag": "main-1", "digest": "a" * 64, "until": "2027-01-01T00:00:00Z", "reason": "x"}},
]
TAGS: Final[Sequence[Any]] = [
    [
        "main-1", "main-11", "1.2.3", "v2.0.0-rc.1+b", "v7-x", "main_accelerated",
        {"tag": "main-12", "digest": f"sha256:{'b' * 64}", "pushed": "2026-11-01T00:00:00Z", "created": 1_790_000_000_000},
        {"tag": "1.3.0", "status": "NORMAL", "pushed": "1790000000000"},
    ]
]  # fmt: skip
LISTING: Final = read_tags(json.dumps(TAGS[0]).encode())


def feed_policy(spec: Any, _folder: Path) -> None:
    policy = Policy.from_spec(spec)
    for current in (None, "main-1", "1.2.3"):
        selection = Ranking(policy, LISTING).select(current, now=NOW)
        repr(selection).encode()
    for warning in policy.warnings:
        one_line(warning)


def feed_tags(data: bytes, _folder: Path) -> None:
    records = read_tags(data)
    for spec in POLICIES:
        policy = Policy.from_spec(spec)
        try:
            Ranking(policy, records).select("main-1", now=NOW)
        except FcpinError as error:
            one_line(str(error))


def one_line(text: str) -> None:
    assert text.strip(), "an empty error"
    assert "\n" not in text, f"more than one line: {text[:200]!r}"


def feed_reference(text: str, _folder: Path) -> None:
    acr_host(text)
    is_tag(text)
    each(
        lambda: str(Repository.parse(text)),
        lambda: str(Image.parse(text)),
        lambda: parse_digest(text),
        lambda: Repository.parse(f"{HOST}/{text}"),
        lambda: Image.parse(f"{HOST}/shop/app:{text}"),
        lambda: Image.parse(f"{HOST}/shop/app@{text}"),
    )


REFERENCES: Final = [
    "registry.cn-hangzhou.aliyuncs.com/shop/app:main-1", f"demo-registry.cn-hangzhou.cr.aliyuncs.com/a/b@sha256:{'c' * 64}",
    f"localhost:5000/a/b/c:x@sha256:{'0' * 64}", "[::1]:5000/a", "docker.io/library/app", "registry-vpc.us-west-1.aliyuncs.com/a/b",
]  # fmt: skip

# what users write in files

STACK_FILE: Final = (ROOT / "stacks" / "Pulumi.local.yaml").read_bytes()
PROJECT_FILE: Final = b"name: shop\nruntime: python\nstackConfigDir: stacks\nbackend: {url: 'file://state'}\n"
HELD: Final = STACK_FILE.replace(b"        semver:\n", b"        semver: &a\n").replace(
    b"    orders:\n", b"    orders:\n      hold: {tag: 1.2.3, until: 2027-01-01T00:00:00Z}\n"
)
HOLD: Final = {"tag": "main-1", "until": "2027-01-01T00:00:00Z", "reason": "loses orders: really"}
NEW: Final = NewEntry("new", {"repository": f"{HOST}/a/b", "policy": {"family": {"name": "main"}}}, ("runs main-1",))


def feed_stack_file(data: bytes, folder: Path) -> None:
    written(folder, "Pulumi.yaml", PROJECT_FILE)
    file = written(folder, "stacks/Pulumi.dev.yaml", data)

    def edited() -> None:
        text = read_file(stack_file(folder, "dev"))
        each(
            lambda: with_hold(text, "orders", HOLD, file.name),
            lambda: with_hold(text, "orders", None, file.name),
            lambda: with_functions(text, [NEW], file.name),
        )

    each(
        edited,
        lambda: Stack.named("dev", folder).config,
        lambda: Settings.read(Stack.named("dev", folder).config.get, {}),
        lambda: pipelines_in(Stack.named("dev", folder).config),
    )


def feed_project(data: bytes, folder: Path) -> None:
    written(folder, "Pulumi.yaml", data)
    written(folder, "stacks/Pulumi.dev.yaml", b"config: {}\n")
    each(
        lambda: Project.find(folder),
        lambda: stack_file(folder, "dev"),
        lambda: Stack.named("dev", folder).config,
        lambda: Stack.named("dev", folder).backend,
        lambda: Stack.named("dev", folder).program,
    )


FUNCTIONS_FILE: Final = b"""checkout: &a
  repository: registry.example.com/shop/app
  policy: {family: {name: main}}
search:
  <<: *a
  config: {cpu: 0.5, memory_size: 512, disk_size: 512, port: 9000}
"""


def feed_function_file(data: bytes, folder: Path) -> None:
    written(folder, "Pulumi.yaml", PROJECT_FILE)
    file = written(folder, "functions/a.yaml", data)
    each(
        lambda: function_files(["functions/*.yaml"], folder),
        lambda: with_hold(read_file(file), "search", HOLD, "a.yaml", is_stack=False),
        lambda: with_functions(read_file(file), [NEW], "a.yaml", is_stack=False),
    )


CONFIG: Final[Mapping[str, Any]] = {
    "fcpin:functions": {"a": {"repository": f"{HOST}/a/b", "policy": {"family": {}}, "suspend": False}},
    "fcpin:functionFiles": ["functions/*.yaml"],
    "fcpin:endpoints": {"fc": "https://{region}.example.com", "cr": "http://127.0.0.1:1"},
    "fcpin:registries": {HOST: {"endpoint": "https://r.example.com", "username": "u", "password": "p"}},
    "fcpin:pipelines": {"app": {"image": "registry.cn-hangzhou.aliyuncs.com/a/b:{commit}", "builder": "buildah"}},
    "fcpin:region": "cn-hangzhou",
    "fcpin:minAgeBypass": "false",
    "alicloud:accessKey": "k",
    "alicloud:secretKey": "s",
}


def feed_configuration(values: Any, folder: Path) -> None:
    """As an engine passes it: objects as JSON text."""
    written(folder, "Pulumi.yaml", PROJECT_FILE)
    if not isinstance(values, dict):
        return
    config = {
        key: value if isinstance(value, str) else as_bytes(value).decode(errors="surrogatepass")
        for key, value in values.items()
    }
    each(
        lambda: Settings.read(config.get, {}),
        lambda: function_files(config.get("fcpin:functionFiles"), folder),
        lambda: read_all(pipelines_in(config), "a" * 40),
    )


RECEIVER_FILE: Final = b"""project: .
stacks:
  dev:
  org/shop/prod: {mode: approve, quiet: 2s, at_most: 1m, outages: wait,
    windows: [{days: mon-fri, from: "09:00", to: "18:00", zone: Asia/Shanghai}]}
senders:
  acr: {kind: acr, secrets: [env:A, env:B]}
  registry: {kind: distribution, secrets: [file:secret.txt], per_minute: 60, replay_window: 1h}
survey_every: 1m
repositories: [shop/*, team/app]
instances: {cri-0a1b: demo}
page: {token: env:A, user_header: X-Forwarded-User, trusted: [10.0.0.0/8, "::1"], session_key: env:B}
notify: [env:DING]
metrics_token: env:A
"""
ENVIRONMENT: Final = {"A": "correct-horse-battery", "B": "staple-of-the-next-year", "DING": "dingtalk://token"}


def feed_receiver_file(data: bytes, folder: Path) -> None:
    written(folder, "Pulumi.yaml", PROJECT_FILE)
    written(folder, "secret.txt", b"correct-horse-battery\n")
    read_settings(written(folder, "receiver.yaml", data), ENVIRONMENT)


CASES_FILE: Final = b"""policy: {family: {name: main}, min_age: 24h}
now: 2026-05-02T12:00:00Z
cases:
  - name: newest
    tags: [main-1, {tag: main-2, pushed: 2026-05-01T00:00:00Z}]
    expect: {tag: main-2, rejected: [main-1]}
  - {name: none, current: main-1, tags: [x], expect: {keep: true}}
  - {name: of a stack, policy: {semver: {range: 1.x}}, tags: [1.2.3], expect: {problem: policy}}
"""


def feed_cases(data: bytes, folder: Path) -> None:
    written(folder, "tags.jsonl", b'{"tag": "main-1"}\n')
    for case in read_cases(written(folder, "cases.yaml", data)):
        repr(case.outcome()).encode()


PIPELINES: Final = [file.read_bytes() for file in sorted((ROOT / "tests" / "pipelines" / "data").glob("*.yaml"))]


def feed_pipeline(data: bytes, _folder: Path) -> None:
    document = DocumentFile.parse(text_of(data), Path("p.yaml"))
    for is_template in (True, False):
        for finding in check(document.tree, is_template=is_template).findings:
            document.file.place(finding.path)
            one_line(str(finding))
    assert isinstance(document.text(), str)


def text_of(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise InvalidInput from None  # rejected where the file is read


S_YAML: Final = [
    (ROOT / "tests" / "pipelines" / "data" / "s.yaml").read_bytes(),
    b"""edition: 3.0.0
name: shop
access: default
vars: {region: cn-hangzhou, image: {tag: 1.4.2}}
resources:
  till:
    component: fc3
    props:
      region: ${vars.region}
      functionName: ${env(NAME, checkout)}
      runtime: custom-container
      customContainerConfig: {image: "registry.cn-hangzhou.aliyuncs.com/shop/app:${vars.image.tag}"}
""",
]


def feed_s_yaml(data: bytes, folder: Path) -> None:
    document = SYaml.read(YamlFile.read(written(folder, "s.yaml", data)))
    found = functions_of_file(document, "cn-hangzhou", lambda *_: "", (), {"GIT_COMMIT": "a" * 40})
    entries = new_entries([each for each in found if isinstance(each, Adoptable)], ())
    with_functions("config:\n", entries, "standard output")


# what other programs send

DOCKER: Final[Sequence[Any]] = [
    {"auths": {HOST: {"auth": "dXNlcjpwYXNz"}, f"https://{HOST}/v1/": {"identitytoken": "t"}}, "credsStore": ""},
    {"auths": {HOST: {"username": "u", "password": "p", "auth": ""}}, "credHelpers": {HOST: "none-of-that-name"}},
]


def feed_docker_config(data: bytes, folder: Path) -> None:
    login = DockerLogins([HOST, "docker.io"], written(folder, "config.json", data)).find("shop/app")
    login.basic.encode("latin-1")
    one_line(str(login))


@cache
def hooks(kind: str) -> Sequence[Any]:
    return [json.loads(file.read_text()) for file in sorted((FIXTURES / kind).glob("*.json"))]


HOOKS: Final = st.sampled_from(sorted(SENDERS)).flatmap(
    lambda kind: st.tuples(
        st.just(kind),
        documents([as_bytes(one) for one in hooks(kind)], hooks(kind)),
        st.dictionaries(
            st.sampled_from(
                ["ce-type", "ce-id", "ce-source", "ce-time", "authorization", "x-hub-signature-256", "content-type"]
            ),
            TEXTS,
            max_size=3,
        ),
        st.dictionaries(st.sampled_from(["registry", "secret"]), TEXTS, max_size=2),
        st.lists(TEXTS, max_size=3).map("/".join),
    )
)


def feed_hook(given: Any, _folder: Path) -> None:
    kind, body, headers, query, path = given
    request = Request(body, headers, query, path).arrive()
    one = sender(kind)
    each(lambda: one.authenticate(request), expected=(Rejected,))
    for parsed in one.parse(request):
        if isinstance(parsed, Rejected):
            one_line(str(parsed))
        repr(parsed).encode()


class FixedRegistry(Transport):
    """A registry in memory with one response."""

    def __init__(self, status: int, headers: Sequence[tuple[str, str]], body: bytes) -> None:
        super().__init__()
        self._status, self._headers, self._body = status, headers, body

    def send(self, method: str, url: str, **_: Any) -> Response:
        return Response(url, self._status, urllib3.HTTPHeaderDict(self._headers), self._body)


HEADERS: Final[Mapping[str, Sequence[str]]] = {
    "Link": ['</v2/shop/app/tags/list?n=1&last=a>; rel="next"', '<http://[::1>; rel=next, <x>; rel="prev"', "<>; rel", '<x>; rel=""', "<x>; rel=;rel=next"],
    "WWW-Authenticate": [f'Bearer realm="https://{HOST}/token",service="x",scope="a:b:c"', 'Basic realm="a\\"b", Negotiate', "Bearer ="],
    "Retry-After": ["120", "Wed, 21 Oct 2099 07:28:00 GMT", "Fri, 31 Dec 9999 23:59:59 -2359", "²", "-1", "1e9", "\x1c", "\x1c5", "1" * 400, "Fri, 31 Dec 9999 23:59:59 +2359"],
    "Docker-Content-Digest": [f"sha256:{'a' * 64}", "sha512:abc", "a" * 64],
    "Content-Type": ["application/json; charset=utf-8", "application/vnd.oci.image.index.v1+json", "text/html"],
    "Location": [f"https://{HOST}/v2/", "//other/", "http://user@host:99999/"],
    "Date": ["Wed, 21 Oct 2026 07:28:00 GMT"],
}  # fmt: skip
BODIES: Final[Sequence[Any]] = [
    {"name": "shop/app", "tags": ["main-1", "main-2"]},
    {"errors": [{"code": "DENIED", "message": "no", "detail": {}}]},
    {"token": "t", "expires_in": 300, "issued_at": "2026-12-01T00:00:00Z"},
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "manifests": [
            {"digest": f"sha256:{'a' * 64}", "size": 1, "platform": {"os": "linux", "architecture": "amd64"}}
        ],
    },
    {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "digest": f"sha256:{'b' * 64}",
            "size": 2,
        },
        "layers": [],
    },
    {"created": "2026-11-01T00:00:00.123456789Z", "os": "linux", "architecture": "amd64"},
]


@st.composite
def header_lists(draw: st.DrawFn) -> list[tuple[str, str]]:
    names = draw(st.lists(st.sampled_from(sorted(HEADERS)), max_size=4))
    return [
        (name, draw(st.sampled_from(HEADERS[name]) | spoilt(HEADERS[name]).map(str) | st.text(max_size=30)))
        for name in names
    ]


REGISTRY_ANSWERS: Final = st.tuples(
    st.sampled_from([200, 200, 200, 200, 201, 204, 206, 301, 307, 400, 401, 401, 403, 404, 429, 500, 503]),
    header_lists(),
    documents([as_bytes(body) for body in BODIES], BODIES),
)


def feed_registry_answer(given: Any, _folder: Path) -> None:
    status, headers, body = given
    for name, value in headers:
        if name == "Retry-After":
            retry_after(value, NOW)
        parse_challenges([value])
    registry = Distribution(HOST, transport=FixedRegistry(status, headers, body))
    repository = registry.open(Repository.parse(f"{HOST}/shop/app"))
    each(
        lambda: repository.list_tags(),
        lambda: repository.resolve("main-1"),
        lambda: repository.created(["main-1"]),
        lambda: repository.manifest(parse_digest("a" * 64)),
    )


# states

SECRET_MARK: Final = "4dabf18193072939515e22adb298388d"
PIN_URN: Final = "urn:pulumi:dev::shop::pulumi-python:dynamic/fcpin:PinnedFunction::checkout"
PIN: Final = {
    "function_name": "checkout", "region": "cn-hangzhou", "repository": f"{HOST}/shop/app", "tag": "main-1", "drift": "ok",
    "deployed_image": f"{HOST}/shop/app:main-1@sha256:{'a' * 64}", "previous_image": "", "policy": {"family": {"name": "main"}},
    "__provider": "gASVQAAAAAAAAACMHmZjcGlu", "config": {SECRET_MARK: "1b47061264138c4ac30d75fd1eb44270", "ciphertext": "v1:a:b"},
}  # fmt: skip
STATE: Final = {
    "version": 3,
    "checkpoint": {
        "stack": "organization/shop/dev",
        "latest": {
            "manifest": {"time": "2026-11-01T00:00:00Z", "magic": "", "version": ""},
            "resources": [
                {"urn": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "custom": False, "type": "pulumi:pulumi:Stack"},
                {
                    "urn": PIN_URN, "custom": True, "id": "checkout", "type": PIN_URN.split("::")[2],
                    "inputs": {key: value for key, value in PIN.items() if key != "config"}, "outputs": {"tag": "main-1"},
                    "parent": "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev", "dependencies": [],
                },
            ],
            "pending_operations": [],
        },
    },
}  # fmt: skip


def feed_state(data: bytes, folder: Path) -> None:
    file = written(folder, "dev.json", data)

    def resources() -> Sequence[Mapping[str, Any]]:
        found: Sequence[Mapping[str, Any]] = read_latest(file).get("resources") or ()
        return [one for one in found if isinstance(one, dict)]

    each(
        lambda: salt_of(read_latest(file)),
        lambda: require_supported(read_checkpoint(file)),
        lambda: pins_in(resources()),
    )


def feed_pin(outputs: Any, _folder: Path) -> None:
    class_of(outputs.get("__provider") if isinstance(outputs, dict) else outputs)
    for pin in pins_in([{"urn": PIN_URN, "type": PIN_URN.split("::")[2], "outputs": outputs}]):
        if pin.policy is not None:
            Policy.from_spec(pin.policy)


def feed_json(data: bytes, folder: Path) -> None:
    Lock.read(data)
    given = written(folder, "approved.json", data)
    each(
        lambda: read_json(data),
        lambda: Approvals.from_environment({FILE: str(given)}),
        expected=(FcpinError, ValueError),
    )


def feed_preview(data: bytes, _folder: Path) -> None:
    list(markdown(read_preview(data)))


PREVIEW: Final = json.loads((ROOT / "docs" / "ci" / "preview.json").read_text())

KINDS_OF_INPUT: Final[Sequence[Kind]] = [
    Kind("policy", spoilt(POLICIES) | VALUES, feed_policy),
    Kind("tags", documents([b"main-1\nmain-2\n", as_bytes(TAGS[0])], TAGS), feed_tags),
    Kind("reference", spoilt(REFERENCES).map(str) | TEXTS, feed_reference),
    Kind("stack-file", spoilt_bytes([STACK_FILE, HELD]), feed_stack_file, (FcpinError, EngineError)),
    Kind("project", spoilt_bytes([PROJECT_FILE]), feed_project, (FcpinError, EngineError)),
    Kind("function-file", spoilt_bytes([FUNCTIONS_FILE]), feed_function_file),
    Kind("configuration", spoilt([CONFIG]), feed_configuration),
    Kind("receiver-file", spoilt_bytes([RECEIVER_FILE]), feed_receiver_file),
    Kind("cases", spoilt_bytes([CASES_FILE]), feed_cases),
    Kind("pipeline", spoilt_bytes(PIPELINES), feed_pipeline),
    Kind("s-yaml", spoilt_bytes(S_YAML), feed_s_yaml),
    Kind("docker-config", documents([as_bytes(one) for one in DOCKER], DOCKER), feed_docker_config),
    Kind("hook", HOOKS, feed_hook, (Rejected,)),
    Kind("registry-answer", REGISTRY_ANSWERS, feed_registry_answer),
    Kind("state", documents([as_bytes(STATE)], [STATE]), feed_state, (EngineError, FcpinError)),
    Kind("pin", spoilt([PIN]), feed_pin),
    Kind("json", documents([as_bytes(STATE)], [{"a": {"from_digest": None, "to_digest": "a" * 64}}]) | LEAVES.map(as_bytes), feed_json, (FcpinError, ValueError)),
    Kind("preview", documents([as_bytes(PREVIEW)], [PREVIEW]), feed_preview),
]  # fmt: skip
