"""The functions of an s.yaml become entries, and those that cannot are named with the reason."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fcpin.errors import InvalidSettings
from fcpin.pinned_function.inputs import PinArgs
from fcpin.policy import Policy
from fcpin.serverless_devs.adoption import Adoptable, LeftOut, new_entries
from fcpin.serverless_devs.document import SourceFile, SYaml
from fcpin.serverless_devs.functions import functions_of_file

FILE = Path(__file__).parent.parent / "pipelines" / "data" / "s.yaml"
ACR = "registry.cn-hangzhou.aliyuncs.com/shop/app"


def document(**props: Any) -> dict[str, Any]:
    """An s.yaml of one function; `image` may be given by itself."""
    image = props.pop("image", f"{ACR}:main-12")
    whole = {"functionName": "checkout", "region": "cn-hangzhou", "runtime": "custom-container"}
    container = {"customContainerConfig": {"image": image}}
    resource = {"component": "fc3", "props": {**whole, **container, **props}}
    return {"edition": "3.0.0", "name": "shop", "vars": {"region": "cn-beijing", "odd": "a b", "image": {"tag": "1.4.2"}}, "resources": {"till": resource}}  # fmt: skip


def no_such_file(name: str) -> str:
    raise FileNotFoundError(2, "no such file", name)


def read(document: Any, **environment: str) -> Adoptable | LeftOut:
    def known(name: str, region: str) -> str:
        return "is pinned" if name == "pinned" else ""

    files = [SourceFile(document, no_such_file)]
    (found,) = functions_of_file(SYaml(files), "cn-hangzhou", known, (), environment)
    return found


def test_the_example_of_the_documentation_follows_commits_by_push() -> None:
    found = read(yaml.safe_load(FILE.read_text()))
    assert isinstance(found, Adoptable)
    (entry,) = new_entries([found], ())
    assert (entry.name, entry.values) == (
        "demo",
        {
            "function_name": "demo",
            "repository": "registry-vpc.cn-hangzhou.aliyuncs.com/demo/demo-image",
            "policy": {"newest": {"by": "pushed"}},
            "filter_tags": {"pattern": "^[0-9a-f]{7}$"},
        },
    )
    PinArgs.read(entry.values, "cn-hangzhou")


TAGS: list[tuple[str, str, dict[str, str], Any]] = [
    # a tag as it is written, in which environment, the policy
    ("a commit", "${env(GIT_COMMIT)}", {}, {"policy": {"newest": {"by": "pushed"}}, "filter_tags": {"pattern": "^[0-9a-f]{7}$"}}),
    ("a commit in quotes with a default", "${env('GIT_COMMIT', 'latest')}", {}, {"policy": {"newest": {"by": "pushed"}}, "filter_tags": {"pattern": "^[0-9a-f]{7}$"}}),
    ("a commit of another name", "${ env(CI_COMMIT_SHORT_SHA) }", {}, {"policy": {"newest": {"by": "pushed"}}, "filter_tags": {"pattern": "^[0-9a-f]{8}$"}}),
    ("a family of commits", "release-${env(GIT_COMMIT)}", {}, {"policy": {"family": {"name": "release"}}, "filter_tags": {"pattern": "^release-[0-9a-f]{7}$"}}),
    ("a version and a commit", "1.4.2-${env(GIT_COMMIT)}", {}, {"policy": {"semver": {"range": "1.x"}}, "filter_tags": {"pattern": r"^(?P<version>v?[0-9]+\.[0-9]+\.[0-9]+)-[0-9a-f]{7}$", "extract": "$version"}}),
    ("a commit that is set", "${env(GIT_COMMIT)}", {"GIT_COMMIT": "83f96b6c0ffe"}, {"policy": {"newest": {"by": "pushed"}}, "filter_tags": {"pattern": "^[0-9a-f]{12}$"}}),
    ("a variable of the file", "${vars.image.tag}", {}, {"policy": {"semver": {"range": "1.x"}}}),
    ("a variable of the environment", "${env(TAG)}", {"TAG": "release-83f96b6"}, {"policy": {"family": {"name": "release"}}, "filter_tags": {"pattern": "^release-[0-9a-f]{7}$"}}),
    ("its default", "${env(TAG, '128')}", {}, {"policy": {"numerical": {"order": "asc"}}, "filter_tags": {"pattern": "^[0-9]{1,6}$"}}),
    ("its default, for an empty one", "${env(TAG, '2.0.1')}", {"TAG": ""}, {"policy": {"semver": {"range": "2.x"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("what", "tag", "environment", "spec"), TAGS, ids=[row[0] for row in TAGS])
def test_a_policy_is_guessed_from_the_tag(what: str, tag: str, environment: dict[str, str], spec: Any) -> None:
    found = read(document(image=f"{ACR}:{tag}"), **environment)
    assert isinstance(found, Adoptable)
    assert found.guess.spec == spec
    Policy.from_spec(found.guess.spec)
    (entry,) = new_entries([found], ())
    assert entry.comment == (found.origin, found.guess.note)
    assert found.origin.startswith("s.yaml deploys :")


def other(**changes: Any) -> Any:
    """One whose resource has *changes* in addition to its props."""
    changed = document()
    changed["resources"]["till"] |= changes
    return changed


INTERNATIONAL = [f"registry-intl{network}.ap-southeast-1" for network in ("", "-vpc", "-internal")]
ADOPTABLE: list[tuple[str, Any]] = [
    *((f"the component {component}", other(component=component)) for component in ("fc3", "fc3@0.1.4", "fc3@dev")),
    *((f"an image at {host}", document(image=f"{host}.aliyuncs.com/shop/app:1.0.0")) for host in INTERNATIONAL),
]


@pytest.mark.parametrize("file", [row[1] for row in ADOPTABLE], ids=[row[0] for row in ADOPTABLE])
def test_a_function_can_be_adopted_with(file: Any) -> None:
    assert isinstance(read(file), Adoptable)


def test_name_and_region_may_be_variables_and_another_region_is_in_the_entry() -> None:
    found = read(document(functionName="${env(NAME)}", region="${vars.region}"), NAME="checkout-7")
    assert isinstance(found, Adoptable)
    (entry,) = new_entries([found], {"checkout-7"})
    assert (entry.name, entry.values["function_name"], entry.values["region"]) == (
        "checkout-7-2",
        "checkout-7",
        "cn-beijing",
    )


LEFT_OUT: list[tuple[str, Any, str]] = [
    ("another component", other(component="oss"), "the component oss"),
    ("functions of FC 2.0", other(component="fc"), "only fc3"),
    ("a component of another name", other(component="fc3-domain@1.0"), "the component fc3-domain@1.0"),
    ("no component", other(component=None), "no component and props"),
    ("no props", {"edition": "3.0.0", "resources": {"till": {"component": "fc3"}}}, "no functionName"),
    ("a list for a resource", {"edition": "3.0.0", "resources": {"till": []}}, "no component and props"),
    ("a template that is not there", {"edition": "3.0.0", "resources": {"till": {"component": "fc3", "extend": {"name": "global"}, "props": {"functionName": "x"}}}}, "has no runtime; fcpin deploys to custom-container functions only; it extends the template global, which this file does not have"),
    ("another runtime", document(runtime="python3.10"), "python3.10"),
    ("no image", document(customContainerConfig={"port": 9000}), "customContainerConfig.image"),
    ("no name", document(functionName=None), "functionName"),
    ("a masked image", document(image="registry.cn-hangzhou.aliyuncs.com/a***/b:1"), "masked"),
    ("a digest", document(image=f"{ACR}@sha256:{'a' * 64}"), "by digest"),
    ("another registry", document(image="ghcr.io/shop/app:1"), "not ACR"),
    ("a variable that is not set", document(image=f"{ACR}:${{env(TAG)}}"), "refers to ${env(TAG)}"),
    ("a variable that is not there", document(image=f"{ACR}:${{vars.nothing}}"), "refers to ${vars.nothing}"),
    ("a variable that names itself", {**document(image=f"{ACR}:${{vars.a}}"), "vars": {"a": "${vars.a}"}}, "refers to ${vars.a}"),
    ("an output of another resource", document(image="${resources.acr.output.image}"), "refers to ${resources.acr.output.image}"),
    ("a result of another resource", document(functionName="${resources.a.info.name}"), "which only a deployment by Serverless Devs knows"),
    ("a file that is not there", document(functionName="${file('name.txt')}"), "refers to ${file('name.txt')}, which cannot be read: no such file"),
    ("an account", document(image="registry.cn-hangzhou.aliyuncs.com/${config('AccountID')}/app:1"), "refers to ${config('AccountID')}, which only `s config` knows"),
    ("a path", document(functionName="${path('./code')}"), "refers to ${path('./code')}, which only a deployment"),
    ("JavaScript", document(functionName="${vars.region || 'x'}"), "refers to ${vars.region || 'x'}, which has no value in this file"),
    ("a mapping where a text has to be", document(functionName="${vars.image}"), "refers to ${vars.image}, which is neither text nor number"),
    ("itself", document(functionName="${this.props.functionName}"), "refers to ${this.props.functionName}, which refers to itself"),
    ("another resource, which refers back", document(functionName="${resources.till.props.region}", region="${this.props.functionName}"), "which refers to itself"),
    ("props that are themselves", other(props="${this.props}"), "refers to ${this.props}, which refers to itself"),
    ("a tag that is none", document(image=f"{ACR}:${{vars.odd}}"), "a b is not a valid tag"),
    ("one that is pinned already", document(functionName="pinned"), "is pinned"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "file", "reason"), LEFT_OUT, ids=[row[0] for row in LEFT_OUT])
def test_what_cannot_be_adopted_is_named_with_its_reason(what: str, file: Any, reason: str) -> None:
    found = read(file)
    assert isinstance(found, LeftOut)
    assert found.name == "till"
    assert reason in found.reason


@pytest.mark.parametrize(
    ("file", "path"),
    [
        ({}, "edition"),
        ({"edition": "1.0.0", "services": {}}, "edition"),
        ({"edition": "3.0.0"}, "resources"),
        ({"edition": "3.0.0", "resources": []}, "resources"),
    ],
)
def test_a_file_of_another_edition_is_an_error(file: Any, path: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        read(file)
    assert [problem.path for problem in caught.value.problems] == [path]


REFERENCES = ["vars.a", "vars.b.x", "this.props.region", "this.name", "resources.one.props", "resources.two.props.functionName",
              "env('A', 'x')", "env(GIT_COMMIT)", "file('a')", "json(vars.a)", "path('.')", "config('A')", "", "a(b", "this"]  # fmt: skip
PLAIN = ["fc3", "fc3@dev", "custom-container", "global", "cn-hangzhou", f"{ACR}:1.4.2", f"{ACR}:", "${", "3.0.0"]
TEXTS = st.sampled_from([f"${{{each}}}" for each in REFERENCES] + PLAIN) | st.text(max_size=3)
KEYS = st.sampled_from(["a", "b", "x", "one", "two", "component", "props", "extend", "name", "ignore", "global", "region",
                        "functionName", "runtime", "customContainerConfig", "image"])  # fmt: skip
VALUES = st.recursive(
    TEXTS
    | st.lists(TEXTS, min_size=2, max_size=2).map("".join)
    | st.none()
    | st.booleans()
    | st.integers()
    | st.floats(),
    lambda inner: st.dictionaries(KEYS, inner, max_size=6) | st.lists(inner, max_size=3),
    max_leaves=25,
)
PROPS = st.fixed_dictionaries(
    {"functionName": VALUES, "customContainerConfig": st.fixed_dictionaries({"image": VALUES}) | VALUES},
    optional={"region": VALUES, "runtime": st.just("custom-container") | VALUES},
)
RESOURCE = st.fixed_dictionaries(
    {"component": st.just("fc3") | VALUES, "props": PROPS | VALUES}, optional={"extend": VALUES}
)
FILES = st.fixed_dictionaries(
    {
        "resources": st.dictionaries(st.sampled_from(["one", "two"]) | st.integers(), RESOURCE | VALUES, max_size=3)
        | VALUES
    },
    optional={"edition": st.just("3.0.0") | VALUES, "vars": VALUES, "template": VALUES, "access": VALUES},
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.lists(FILES, min_size=1, max_size=2), st.dictionaries(st.sampled_from(["A", "GIT_COMMIT"]), st.text(max_size=9))
)
def test_every_resource_of_any_file_is_adoptable_or_left_out(files: list[Any], environment: dict[str, str]) -> None:
    try:
        document = SYaml([SourceFile(file, no_such_file) for file in files])
        found = functions_of_file(document, "", lambda *_: "", (), environment)
    except InvalidSettings:
        return
    for each in found:
        if isinstance(each, Adoptable):
            Policy.from_spec(each.guess.spec)
        else:
            assert each.reason
