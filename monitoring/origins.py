"""What a baseline is built from, as a fingerprint: when it changes, the baseline is out of date."""

import hashlib
import json
from pathlib import Path

from registry.models import ModelVersion, UploadedDataset

TARGET_TAG = "portal.target"


def origin_of(version: ModelVersion) -> str:
    """Return the fingerprint of where the training set is, its target and the signature."""
    parts = [
        version.baseline,
        _state_of(upload_of(version)),
        target_tag(version),
        version.inputs,
    ]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _state_of(upload: UploadedDataset | None) -> str:
    if upload is None:
        return ""
    # An upload keeps its row when it is replaced: the file itself tells old from new.
    path = Path(upload.path)
    changed = path.stat().st_mtime_ns if path.is_file() else 0
    return f"{upload.uploaded.isoformat()} {upload.rows} {changed}"


def upload_of(version: ModelVersion) -> UploadedDataset | None:
    """Return the training set that a person gave, if there is one."""
    return getattr(version, "upload", None)


def source_of(version: ModelVersion) -> str:
    """Return which kind of training set `registry.dataset.load_dataset` gives for the version."""
    return "training" if version.baseline else "upload"


def target_tag(version: ModelVersion) -> str:
    """Return the target column that the version's tag names, or an empty text."""
    return str(version.tags.get(TARGET_TAG, ""))
