"""Acts in MLflow for the audit: which writes are acts, and what they are done to.

Runs, metrics, traces and uploads are data, and there are thousands of them; what is written down
is what is made, changed and deleted on purpose: experiments, models, versions, webhooks.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

_API: Final = re.compile(r"/(?:ajax-)?api/\d\.\d/(mlflow(?:-artifacts)?)/(.+)", re.I | re.S)
_NOT_ACTS: Final = re.compile(r"(traces|logged-models|datasets)/.*(tags|assessments)(/.*)?", re.S)
_CHANGES: Final = re.compile(
    r"(registered-models|model-versions|webhooks)(/.*)?"
    r"|experiments/(create|update|delete|restore)"
    r"|(runs|traces|review-queues)/(delete|delete-traces|restore)"
)
_VERBS: Final = {
    "create": "created",
    "update": "changed",
    "delete": "deleted",
    "delete-traces": "deleted",
    "restore": "restored",
    "rename": "renamed",
    "set-tag": "tagged",
    "delete-tag": "untagged",
    "transition-stage": "moved to another stage",
    "test": "tested",
}
_BY_METHOD: Final = {"POST": "created", "PUT": "changed", "PATCH": "changed", "DELETE": "deleted"}
_NAMES: Final = {
    "registered-models": ("model", ("name",)),
    "model-versions": ("model", ("name", "version")),
    "experiments": ("experiment", ("name", "experiment_id", "new_name")),
    "runs": ("run", ("run_id",)),
    "traces": ("traces of experiment", ("experiment_id",)),
    "webhooks": ("webhook", ("name",)),
}
_TOLD: Final = ("alias", "version", "stage", "new_name", "key", "source")
_LONGEST_TEXT: Final = 200


@dataclass(frozen=True, slots=True)
class MlflowAct:
    """One act as the audit keeps it: the verb, the object, and what else is worth telling."""

    action: str
    object: str
    after: dict[str, Any] = field(default_factory=dict)


def is_act(method: str, path: str) -> bool:
    """Say whether a write to `path` (without `/mlflow` in front) belongs in the audit."""
    route = _route(path)
    if route is None or _NOT_ACTS.fullmatch(route[1]):
        return False
    return method == "DELETE" or (
        route[0] == "mlflow" and _CHANGES.fullmatch(route[1].lower()) is not None
    )


def act_of(method: str, path: str, message: Any) -> MlflowAct:
    """Return the act of a write for which `is_act` holds; `message` is its body decoded."""
    service, name = _route(path) or ("mlflow", path)
    fields = message if isinstance(message, dict) else {}
    head, _, rest = name.partition("/")
    last = name.rpartition("/")[2]
    if last == "alias":
        action = "removed an alias of" if method == "DELETE" else "set an alias of"
    elif name.lower() == "model-versions/create":
        action = "registered a version of"
    else:
        action = _VERBS.get(last, _BY_METHOD.get(method, method))
    if service == "mlflow-artifacts":
        return MlflowAct(action, f"artifact:{rest}", {"route": f"{method} {service}"})
    kind, keys = _NAMES.get(head, (head, ()))
    named = [str(value) for key in keys if (value := _value(fields, key)) not in (None, "")]
    told = {key: _text(value) for key in _TOLD if (value := _value(fields, key)) is not None}
    subject = "/".join(named[:2] if head == "model-versions" else named[:1])
    return MlflowAct(
        action, f"{kind}:{subject or rest}", {"route": f"{method} {name[:_LONGEST_TEXT]}", **told}
    )


def _route(path: str) -> tuple[str, str] | None:
    found = _API.fullmatch(re.sub("/+", "/", path).rstrip("/"))
    return (found[1].lower(), found[2]) if found else None


def _value(fields: dict[str, Any], key: str) -> Any:
    """Return a field by either of the spellings that protocol buffers know."""
    first, *more = key.split("_")
    return fields.get(key, fields.get(first + "".join(word.title() for word in more)))


def _text(value: Any) -> str:
    return str(value)[:_LONGEST_TEXT]
