"""Pipelines and tasks as the API shows them."""

from collections.abc import Mapping
from typing import Any

from fcpin.emulator.clock import iso
from fcpin.emulator.devs.model import ExecError, Json, PipelineRecord, TaskRecord
from fcpin.emulator.devs.phases import Phase

Words = Mapping[Phase, str]


def pipeline_view(record: PipelineRecord, words: Words) -> Json:
    return {
        **_resource("Pipeline", record),
        "spec": record.spec,
        "status": _status(record.phase, record.error, words),
    }


def task_view(record: TaskRecord, words: Words) -> Json:
    return {
        **_resource("Task", record),
        "spec": {"templateName": record.template, "context": {"data": record.data}},
        "status": {
            **_status(record.phase, record.error, words),
            "statusGeneration": record.status_generation,
            "executionDetails": list(record.log),
            "invocations": [{**one, "status": words[Phase(one["status"])]} for one in record.invocations],
        },
    }


def _resource(kind: str, record: PipelineRecord | TaskRecord) -> Json:
    return {
        "kind": kind,
        "name": record.name,
        "uid": record.uid,
        "description": record.description,
        "labels": dict(record.labels),
        "createdTime": iso(record.created),
        "generation": 1,
        "resourceVersion": record.version,
    }


def _status(phase: str, error: ExecError, words: Words) -> dict[str, Any]:
    return {"phase": words[Phase(phase)], "latestExecError": error.wire}
