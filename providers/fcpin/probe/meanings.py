"""Every question that the probe knows, and what its answer means to somebody who deploys functions.

The names are those of the emulator's knobs (docs/emulator.md), the answers their positions.
"""

from collections.abc import Mapping
from typing import Final

MEANINGS: Final[Mapping[str, Mapping[str | bool, str] | str]] = {
    "same_image_update": {
        "re-resolve": "an update with the same image heals a moved tag",
        "keep": "an update with the same image does not heal a moved tag: deploy a new tag",
        "error": "the same image cannot be sent again: deploy a new tag",
    },
    "other_update": {
        "keep": "an update of other settings leaves the digest alone",
        "re-resolve": "an update of any setting deploys what the tag points at by then",
    },
    "update_merge": {
        "merge": "fields of customContainerConfig that an update leaves out are kept",
        "replace": "fields of customContainerConfig that an update leaves out are lost",
    },
    "nested_merge": {
        "merge": "fields of healthCheckConfig and registryConfig that an update leaves out are kept",
        "replace": "fields of healthCheckConfig and registryConfig that an update leaves out are lost",
    },
    "update_answer": {
        "status": "UpdateFunction returns that the update is in progress",
        "bare": "UpdateFunction returns no status: only GetFunction does",
        "stale": "UpdateFunction returns the function as it was before: only GetFunction returns what becomes of it",
    },
    "digest_input": {
        "rejected": "an image must be named by tag",
        "accepted": "an image can be named by digest, and no tag can move under it",
    },
    "resolved_digest": {
        "index": "resolvedImageUri of a multi-platform image is the digest of the index",
        "child": "resolvedImageUri of a multi-platform image is the digest of its linux/amd64 child",
    },
    "missing_image": {
        "sync": "an image that is not there is refused at once",
        "async": "an image that is not there is accepted first: only waiting tells",
    },
    "mark_failed": {
        True: "a failed pull shows in the function's state",
        False: "a failed pull does not show in the function's state: only its callers see it",
    },
    "masked_login_input": {
        "stored": "a masked registry password that is sent back becomes the password: leave registryConfig out",
        "ignored": "a masked registry password that is sent back is recognised",
    },
    "create_seconds": "seconds from CreateFunction to Active, for an image of 1 kB",
    "update_seconds": "seconds from UpdateFunction to Successful, for an image of 1 kB",
    "concurrent_update": {
        "accepted": "of two updates at a time the last one wins",
        "conflict": "a second update is refused while one is in progress",
    },
    "listed_functions": {
        "no-status": "ListFunctions returns images without state and last update: GetFunction returns those",
        "full": "ListFunctions returns everything that GetFunction returns",
        "brief": "ListFunctions returns no images: GetFunction returns them",
    },
    "digest_prefix": {
        "bare": "digests of ACR have no sha256: in front",
        "prefixed": "digests of ACR have sha256: in front",
    },
    "acr_tag_order": {
        "newest-first": "ListRepoTag is ordered by ImageUpdate, newest first",
        "name": "ListRepoTag is ordered by name",
        "scattered": "ListRepoTag is in no order that can be relied upon",
    },
    "acr_next_token": {
        True: "listings can be read by NextToken",
        False: "listings can be read by page number only",
    },
    "acr_not_exist": {
        "not-success": "what does not exist is answered HTTP 200 with IsSuccess false",
        "http-404": "what does not exist is answered HTTP 404",
    },
    "acr_tag_not_exist_code": "Code of GetRepoTag for a tag that does not exist",
    "acr_instance_filter": {
        "exact": "ListInstance finds by the whole name",
        "fuzzy": "ListInstance finds by a part of the name: compare it",
    },
    "acr_personal": {
        "repository": "the API of ACR Personal tells the push times of this repository",
        "unknown": "the API of ACR Personal does not know this repository: there are no push times",
        "namesake": "the API of ACR Personal knows another repository of that name: its push times are not believed",
    },
    "pipeline_start": {
        "explicit": "a pipeline runs when it is started",
        "at-once": "a pipeline runs as soon as it is created",
    },
    "pipeline_phases": {
        "likely": "phases are Created, Running, Success, Failed and Canceled",
        "other": "phases are Pending, Executing, Succeeded, Error and Cancelled",
    },
    "pipeline_tasks": {
        "labelled": "the tasks of a pipeline carry its name in a label",
        "named": "the tasks of a pipeline are known by their names alone",
        "unlisted": "the tasks of a pipeline are not listed: nobody tells where their log is",
    },
    "build_output": {
        "digest": "a build reports the digest that it pushed",
        "none": "a build reports no digest: ask the registry",
    },
    "build_seconds": "seconds from the start of a build to its push",
    "oci_page_size": "tags that a page of tags/list holds at most",
    "oci_sorted": {
        True: "tags/list is in lexical order",
        False: "tags/list is in no lexical order",
    },
    "oci_blob_redirect": {
        True: "blobs are fetched elsewhere, without the registry's token",
        False: "blobs are answered by the registry itself",
    },
    "oci_token_seconds": "seconds that a token of the registry lives",
}


def meaning(name: str, value: str | float | bool) -> str:
    """What *value* means, in words."""
    meanings = MEANINGS[name]
    return meanings if isinstance(meanings, str) else meanings[value]  # type: ignore[index]
