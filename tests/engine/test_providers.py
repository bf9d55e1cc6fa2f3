"""Which pickles the engine gives to its plugin: instances of allowed classes by name, and nothing that runs code."""

import json
import pickle
from base64 import b64encode
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider

import fcpin
from fcpin.engine.errors import ProjectInvalid, ProviderRefused
from fcpin.engine.providers import OURS, allowed_providers, class_of, require_allowed
from fcpin.engine.values import UNKNOWN, Secret
from fcpin.image_pipeline.provider import ImagePipelineProvider
from fcpin.initial_image.provider import InitialImageProvider
from fcpin.pinned_function.provider import ConfiguredProvider, PinnedFunctionProvider
from tests.engine.engine_harness import EngineHarness

URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/x:X::name"


class WithState(ResourceProvider):
    """By name, with plain attributes."""

    def __init__(self) -> None:
        self.url, self.sizes = "https://example.com", {"a": [1, 2.5, None, True], "b": ()}


class Reduced:
    """What every exploit looks like: a call of any function with any arguments."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = function, arguments

    def __reduce__(self) -> Any:
        return self.call


def encoded(data: bytes) -> str:
    return b64encode(data).decode()


def test_the_providers_of_this_package_are_all_that_are_loaded_by_default() -> None:
    package = Path(fcpin.__path__[0])
    for file in package.rglob("provider.py"):
        import_module(".".join(file.relative_to(package.parent).with_suffix("").parts))
    ours = {f"{one.__module__}.{one.__name__}" for one in ConfiguredProvider.__subclasses__()}
    assert ours == OURS
    for provider in (PinnedFunctionProvider(), ImagePipelineProvider(), InitialImageProvider()):
        require_allowed(URN, [{"__provider": Secret(serialize_provider(provider))}], allowed_providers({}))


def test_a_class_by_its_name_is_known_and_its_attributes_may_be_plain() -> None:
    here = f"{__name__}.WithState"
    for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1):
        assert class_of(encoded(pickle.dumps(WithState(), protocol=protocol))) == here
    assert class_of(serialize_provider(WithState())) == here
    bags = [{"__provider": serialize_provider(WithState())}, {"__provider": UNKNOWN}]
    for setting in (here, __name__, "tests", "other, tests.engine", '["tests"]', "*"):
        require_allowed(URN, bags, allowed_providers({"engine:providers": setting}))
    for setting in ("", "test", "tests.engine.test", f"{here}s", "[]"):
        with pytest.raises(ProviderRefused, match=f"of name is rejected: got {here}, expected a provider of fcpin"):
            require_allowed(URN, bags, allowed_providers({"engine:providers": setting}))


def ours_with(body: bytes) -> str:
    """A pickle that begins as one of ours does."""
    return encoded(b"\x80\x04\x8c\x1efcpin.pinned_function.provider\x8c\x16PinnedFunctionProvider\x93" + body)


REFUSED = [
    ("a call", encoded(pickle.dumps(Reduced(print, "x")))),
    ("a call of something of ours", encoded(pickle.dumps(Reduced(class_of, "x")))),
    ("a class alone", ours_with(b".")),
    ("a call of the class", ours_with(b")R.")),
    ("arguments", ours_with(b"\x8c\x01x\x85\x81.")),
    ("attributes that are made by a call", ours_with(b")\x81}\x8c\x01a\x8c\x02os\x8c\x06system\x93\x8c\x02id\x85Rsb.")),
    ("another instance after it", ours_with(b")\x81\x8c\x02os\x8c\x06system\x93)\x81.")),
    ("a persistent id", ours_with(b")\x81\x8c\x01xQb.")),
    ("an extension", encoded(b"\x80\x04\x82\x01)\x81.")),
    (
        "a class through a module of ours",
        encoded(b"\x80\x04\x8c\x12fcpin.stack.engine\x8c\x10subprocess.Popen\x93)\x81."),
    ),
    ("the same in the older form", encoded(b"\x80\x02cfcpin.stack.engine\nsubprocess.Popen\n)\x81.")),
    ("another class of ours", encoded(b"\x80\x04\x8c\x12fcpin.stack.engine\x8c\x06Engine\x93)\x81.")),
    ("a name that is found by a getattr", encoded(b"\x80\x04\x8c\x08builtins\x8c\x07getattr\x93.")),
    ("half of one", ours_with(b")\x81")),
    ("no pickle", encoded(b"hello")),
    ("nothing", ""),
    ("no base64", "§"),
    ("a number", 7),
    ("none at all", None),
]


@pytest.mark.parametrize("provider", [pytest.param(row[1], id=row[0]) for row in REFUSED])
def test_everything_else_is_refused_in_one_line_without_being_run(provider: Any) -> None:
    allowed = allowed_providers({"engine:providers": "tests.elsewhere"})
    with pytest.raises(ProviderRefused) as caught:
        require_allowed(URN, [{"__provider": provider}], allowed)
    assert "engine:providers" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_provider_of_the_program_itself_is_a_pickle_of_its_code() -> None:
    namespace: dict[str, Any] = {"ResourceProvider": ResourceProvider, "__name__": "__main__"}
    exec("class Mine(ResourceProvider):\n    def create(self, props):\n        return 1\n", namespace)  # noqa: S102
    provider = serialize_provider(namespace["Mine"]())
    assert class_of(provider) == ""
    require_allowed(URN, [{"__provider": provider}], allowed_providers({"engine:providers": "*"}))


@pytest.mark.parametrize("setting", ["os.path.", "a b", '["a", 1]', "[", "a-b"])
def test_a_setting_that_names_no_modules_is_one_line(setting: str) -> None:
    with pytest.raises(ProjectInvalid, match=r"^engine:providers: "):
        allowed_providers({"engine:providers": setting})


def test_a_tampered_state_runs_nothing(engine: EngineHarness) -> None:
    engine.program('Item("a")')
    assert engine.up().code == 0
    proof = engine.journal / "it-ran"
    document = json.loads(engine.state_file.read_text())
    for resource in document["checkpoint"]["latest"]["resources"]:
        if "__provider" in resource.get("inputs", {}):
            bad = encoded(pickle.dumps(Reduced(open, str(proof), "w")))
            resource["inputs"]["__provider"] = resource["outputs"]["__provider"] = bad
    text = json.dumps(document)
    engine.state_file.write_text(text)
    engine.forget_calls()
    for command in ("up", "refresh", "destroy"):
        result = engine.run(command, "--skip-preview")
        assert result.code == 1
        assert "error: the dynamic provider of a is rejected: got something other than an instance" in result.text
        assert "Traceback" not in result.text
        assert not proof.exists()
        assert engine.calls() == []
        assert engine.state_file.read_text() == text


def test_a_provider_that_the_configuration_does_not_allow_is_refused_before_anything_is_made(
    engine: EngineHarness,
) -> None:
    file = engine.project / "Pulumi.yaml"
    file.write_text(file.read_text().replace("engine:providers: journal", "engine:providers: another"))
    engine.program('Item("a")')
    result = engine.up()
    assert result.code == 1
    assert (
        "the dynamic provider of a is rejected: got journal.ItemProvider, expected a provider of fcpin" in result.text
    )
    assert engine.calls() == []
    assert engine.cloud() == {}
