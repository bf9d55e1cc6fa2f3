"""Manifests, indexes and configurations as values: platforms, attestations, types and build times."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fcpin.image import Digest
from fcpin.registry.manifests import UnsupportedManifest, created_time, platform_name, read_manifest

DIGEST = Digest(f"sha256:{'a' * 64}")
AMD64 = {"os": "linux", "architecture": "amd64"}
NOTE = {"vnd.docker.reference.type": "attestation-manifest"}


def test_children_of_an_index_are_known_by_platform_and_attestations_are_not() -> None:
    digests = [f"sha256:{number:064}" for number in range(6)]
    document = read_manifest(
        DIGEST,
        {
            "manifests": [
                {"digest": digests[5], "platform": AMD64, "annotations": NOTE},
                {"digest": digests[0], "platform": AMD64},
                {"digest": digests[1], "platform": {"os": "linux", "architecture": "arm64", "variant": "v8"}},
                {"digest": digests[2], "platform": {"os": "unknown", "architecture": "unknown"}},
                {"digest": digests[3]},
                {"digest": digests[4], "platform": AMD64},
            ]
        },
        "v1",
    )
    assert document.children == {"linux/amd64": digests[0], "linux/arm64/v8": digests[1]}
    assert document.is_attested


ATTESTED: list[tuple[str, dict[str, Any], bool]] = [
    ("noted by buildx", {"annotations": NOTE}, True),
    ("of the platform that buildx gives them", {"platform": {"os": "unknown", "architecture": "unknown"}}, True),
    ("another image", {"platform": {"os": "linux", "architecture": "arm64"}}, False),
    ("no platform at all", {}, False),
]


@pytest.mark.parametrize(("child", "is_attested"), [row[1:] for row in ATTESTED], ids=[row[0] for row in ATTESTED])
def test_attestations_of_an_index_are_noticed(child: dict[str, Any], is_attested: bool) -> None:
    index = {"manifests": [{"digest": DIGEST, **child}]}
    assert read_manifest(DIGEST, index, "v1").is_attested is is_attested


HELM, WASM = "application/vnd.cncf.helm.config.v1+json", "application/vnd.wasm.config.v0+json"
EMPTY, SBOM = "application/vnd.oci.empty.v1+json", "application/vnd.example.sbom"
ARTIFACTS: list[tuple[str, dict[str, Any], str]] = [
    ("a Helm chart", {"config": {"mediaType": HELM, "digest": DIGEST}}, HELM),
    ("OCI 1.1", {"artifactType": SBOM, "config": {"mediaType": EMPTY, "digest": DIGEST}}, SBOM),
    ("WebAssembly", {"config": {"mediaType": WASM, "digest": DIGEST}}, WASM),
    ("an image", {"config": {"digest": DIGEST}}, ""),
]


@pytest.mark.parametrize(("fields", "kind"), [row[1:] for row in ARTIFACTS], ids=[row[0] for row in ARTIFACTS])
def test_an_artifact_has_its_type(fields: dict[str, Any], kind: str) -> None:
    assert read_manifest(DIGEST, {"schemaVersion": 2, **fields}, "v1").artifact == kind


@pytest.mark.parametrize("body", ['{"schemaVersion": 1}', '{"config": 5}', '{"manifests": [5]}', "{}"])
def test_what_is_not_an_image_is_refused(body: str) -> None:
    with pytest.raises(UnsupportedManifest, match="v1: expected an image or an index"):
        read_manifest(DIGEST, json.loads(body), "v1")


PLATFORMS: list[tuple[str, dict[str, Any], str]] = [
    ("system and architecture", AMD64, "linux/amd64"),
    ("and a variant", {"os": "linux", "architecture": "arm", "variant": "v7"}, "linux/arm/v7"),
    ("a chart, which runs nowhere", {"name": "chart"}, ""),
    ("numbers", {"os": 1, "architecture": 2}, ""),
]


@pytest.mark.parametrize(("config", "platform"), [row[1:] for row in PLATFORMS], ids=[row[0] for row in PLATFORMS])
def test_the_platform_of_a_configuration(config: dict[str, Any], platform: str) -> None:
    assert platform_name(config) == platform


TIMES: list[tuple[str, Any, datetime | None]] = [
    ("in nanoseconds", "2026-01-02T03:04:05.123456789Z", datetime(2026, 1, 2, 3, 4, 5, 123456, UTC)),
    ("in another zone", "2026-01-02T03:04:05+08:00", datetime(2026, 1, 1, 19, 4, 5, tzinfo=UTC)),
    ("reproducible", "1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
    ("never set", "0001-01-01T00:00:00Z", None),
    ("missing", None, None),
    ("in words", "yesterday", None),
]


@pytest.mark.parametrize(("text", "moment"), [row[1:] for row in TIMES], ids=[row[0] for row in TIMES])
def test_the_time_of_a_build(text: Any, moment: datetime | None) -> None:
    assert created_time({"created": text}) == moment
