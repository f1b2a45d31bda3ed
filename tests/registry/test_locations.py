"""What MLflow is not told: no write names a place outside the artifact store."""

import gzip
import json
import re
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from registry import locations
from registry.errors import RefusedWrite
from registry.locations import check_places, may_name_a_place

EXPERIMENT = "/api/2.0/mlflow/experiments/create"
SPANS = "/v1/traces"
PLACE = "mlflow.artifactLocation"


def _refused(path: str, message: Any, **options: str) -> bool:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    try:
        check_places(path, body, **options)
    except RefusedWrite:
        return True
    return False


# ---- experiments -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "location",
    ["", None, "mlflow-artifacts:/1", "mlflow-artifacts:/a b/wine..2", "mlflow-artifacts:///1"],
)
def test_an_experiment_may_lie_in_the_store(location: str | None) -> None:
    assert not _refused(EXPERIMENT, {"name": "x", "artifact_location": location})


@pytest.mark.parametrize(
    "location",
    [
        "/etc",
        "etc",
        "./etc",
        "file:/etc",
        "file:///etc",
        "s3://elsewhere/x",
        "http://elsewhere/x",
        "mlflow-artifacts:/../../etc",
        "mlflow-artifacts:/a/%2e%2e/b",
        "mlflow-artifacts:/a/%25252e%25252e/b",
        "mlflow-artifacts:/a/..\\b",
        "mlflow-artifacts://elsewhere.example/1",
        "mlflow-artifacts:////elsewhere.example/1",
        "mlflow-artifacts:/1?x=y",
        "mlflow-artifacts:/1#x",
        "mlflow-artifacts:/a\nb",
        "mlflow-artifacts://[",
        " /etc",
        ["/etc"],
        {"x": "/etc"},
        7,
    ],
)
@pytest.mark.parametrize("name", ["artifact_location", "artifactLocation"])
def test_an_experiment_lies_nowhere_else(name: str, location: Any) -> None:
    assert _refused(EXPERIMENT, {"name": "x", name: location})


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(json.dumps({"artifact_location": "/etc"})).encode(),
        json.dumps({"artifact_location": "/etc"}).encode("utf-16"),
        b'{"artifact_location": "", "artifactLocation": "/etc"}',
        b'{"artifact_location": "mlflow-artifacts:/1", "artifact_location": "/etc"}',
        b'{"\\u0061rtifact_location": "/etc"}',
        b"not json",
        b"artifact_location=/etc",
        b"[" * 200_000,
        b"\xff\xfe\xff",
    ],
)
def test_no_way_of_writing_json_hides_a_place(body: bytes) -> None:
    assert _refused(EXPERIMENT, body)


@pytest.mark.parametrize(
    "path",
    [
        EXPERIMENT,
        "/ajax-api/2.0/mlflow/experiments/create",
        "/api/3.0/mlflow/experiments/create/",
        "/API/2.0/mlflow/Experiments/Create",
        "//api//2.0/mlflow/experiments///create",
        "/ajax-api/3.0/mlflow/traces/tr-1/tags",
        "/v1/traces/",
    ],
)
def test_every_spelling_of_the_address_is_looked_into(path: str) -> None:
    assert may_name_a_place(path)


def test_an_artifact_may_be_called_as_it_likes() -> None:
    assert not may_name_a_place("/api/2.0/mlflow-artifacts/artifacts/mlflow/experiments/create")
    assert not may_name_a_place("/api/2.0/mlflow-artifacts/artifacts/1/v1/traces")


# ---- traces ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/api/2.0/mlflow/traces/tr-1/tags", {"key": PLACE, "value": "/etc"}),
        ("/ajax-api/3.0/mlflow/traces/tr-1/tags", {"key": PLACE, "value": "/etc"}),
        ("/api/2.0/mlflow/traces", {"tags": [{"key": PLACE, "value": "/etc"}]}),
        ("/api/2.0/mlflow/traces/tr-1", {"tags": [{"key": PLACE, "value": "/etc"}]}),
        ("/api/3.0/mlflow/traces", {"trace": {"trace_info": {"tags": {PLACE: "/etc"}}}}),
        ("/api/3.0/mlflow/traces", {"trace": {"traceInfo": {"tags": {PLACE: "/etc"}}}}),
        (
            "/api/3.0/mlflow/traces",
            {"trace": {"trace_info": {"tags": {"mlflow.trace.archiveLocation": "/etc"}}}},
        ),
    ],
)
def test_no_write_of_a_trace_says_where_its_files_lie(path: str, message: Any) -> None:
    assert _refused(path, message)


def test_other_tags_of_traces_pass() -> None:
    message = {"trace": {"trace_info": {"tags": {"who": "ada"}, "request_preview": f"{PLACE}?"}}}
    assert not _refused("/api/3.0/mlflow/traces", message)
    assert not _refused("/api/3.0/mlflow/traces/tr-1/tags", {"key": "who", "value": "ada"})
    assert not _refused("/api/3.0/mlflow/traces/tr-1/tags", b"")


def _spans() -> Iterator[Any]:
    """Yield requests of OpenTelemetry whose spans carry the tag, as their own library writes."""
    trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")
    for key, on_resource in ((f"mlflow.traceTag.{PLACE}", False), (PLACE, True)):
        request = trace_service.ExportTraceServiceRequest()
        spans = request.resource_spans.add()
        span = spans.scope_spans.add().spans.add(name="predict")
        attribute = (spans.resource if on_resource else span).attributes.add(key=key)
        attribute.value.string_value = "/etc"
        yield request


def test_spans_cannot_carry_the_tag_either() -> None:
    """MLflow makes tags of a trace from attributes of the root span and of the resource."""
    for request in _spans():
        body = request.SerializeToString()
        deflating = zlib.compressobj(wbits=-15)
        assert _refused(SPANS, body)
        assert _refused(SPANS, gzip.compress(body), encoding="gzip")
        assert _refused(SPANS, zlib.compress(body), encoding="Deflate")
        raw = deflating.compress(body) + deflating.flush()
        assert _refused(SPANS, raw, encoding="deflate")


def test_spans_as_json_cannot_carry_the_tag_in_any_spelling() -> None:
    key = f"mlflow.traceTag.{PLACE}"
    message = {"resourceSpans": [{"scopeSpans": [{"spans": [{"attributes": [{"key": key}]}]}]}]}
    text = json.dumps(message)
    assert _refused(SPANS, text.encode())
    assert _refused(SPANS, text.replace("artifact", "\\u0061rtifact").encode())
    assert _refused(SPANS, text.encode("utf-16"))


def test_other_spans_pass_packed_and_unpacked() -> None:
    request = next(_spans())
    request.resource_spans[0].scope_spans[0].spans[0].ClearField("attributes")
    body = request.SerializeToString()
    assert not _refused(SPANS, body)
    assert not _refused(SPANS, gzip.compress(body), encoding="gzip")
    assert not _refused(SPANS, zlib.compress(body), encoding="deflate")


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        (gzip.compress(b"a") + gzip.compress(b"b"), "gzip"),
        (gzip.compress(b"abc")[:-9], "gzip"),
        (zlib.compress(b"abc")[:-1], "deflate"),
        (b"abc", "gzip"),
        (b"abc", "br"),
        (gzip.compress(b"a"), "gzip,gzip"),
    ],
    ids=["two members", "cut", "cut deflate", "no gzip", "another coding", "two codings"],
)
def test_spans_that_two_readers_could_read_differently_are_refused(
    body: bytes, encoding: str
) -> None:
    assert _refused(SPANS, body, encoding=encoding)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = gzip.compress(bytes(locations.LONGEST_BODY * 4))
    assert len(bomb) < 100_000
    with pytest.raises(RefusedWrite) as refused:
        check_places(SPANS, bomb, encoding="gzip")
    assert refused.value.http_status == 413


# ---- MLflow's own list -----------------------------------------------------------------------

# Each field of a writing request that is called after a place, and what keeps it harmless.
KNOWN = {
    "CreateExperiment.artifact_location": "looked into",
    "CreateModelVersion.source": "held against the pattern of registry.server",
    "CreateWorkspace.default_artifact_root": "workspaces are off",
    "CreateWorkspace.trace_archival_config.location": "workspaces are off",
    "UpdateWorkspace.default_artifact_root": "workspaces are off",
    "UpdateWorkspace.trace_archival_config.location": "workspaces are off",
    "CreatePromptOptimizationJob.source_prompt_uri": "MLflow's jobs are off",
    "CreateWebhook.url": "MLflow itself takes https to public addresses only",
    "UpdateWebhook.url": "MLflow itself takes https to public addresses only",
    "CreateDataset.source": "kept nowhere",
    "LogInputs.datasets.dataset.source": "kept as text",
    "CreateAssessment.assessment.source": "a person or program",
    "UpdateAssessment.assessment.source": "a person or program",
    "StartTraceV3.trace.trace_info.assessments.source": "a person or program",
    "StartTraceV3.trace.trace_info.trace_location": "the number of an experiment",
    "SearchTracesV3.locations": "numbers of experiments",
    **dict.fromkeys(
        (
            "CreateMultipartUpload.path",
            "CompleteMultipartUpload.path",
            "AbortMultipartUpload.path",
            "CreatePresignedUploadUrl.path",
            "CreatePresignedDownloadUrl.path",
        ),
        "below the store or a run's place in it; MLflow itself takes no `..`",
    ),
    "CompleteMultipartUpload.parts.url": "kept nowhere",
}
A_PLACE = re.compile(r"(.*_)?(location|locations|uri|url|path|folder|dir|source|root)")


def _fields(descriptor: Any, path: str, seen: frozenset[str]) -> Iterator[str]:
    for field in descriptor.fields:
        if A_PLACE.fullmatch(field.name):
            yield f"{path}.{field.name}"
        if field.message_type is not None and field.message_type.full_name not in seen:
            name = field.message_type.full_name
            yield from _fields(field.message_type, f"{path}.{field.name}", seen | {name})


def test_every_field_of_this_mlflow_that_could_hold_a_place_is_known() -> None:
    """Compared with the messages of the writing routes that the installed MLflow really has."""
    handlers = pytest.importorskip("mlflow.server.handlers")
    found = set()
    for _, request, methods in handlers.get_endpoints(lambda request_class: request_class):
        if set(methods) - {"GET"} and hasattr(request, "DESCRIPTOR"):
            found |= set(_fields(request.DESCRIPTOR, request.DESCRIPTOR.name, frozenset()))
    assert found == set(KNOWN)
