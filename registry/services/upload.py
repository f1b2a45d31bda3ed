"""Taking the training set of a version that brought none."""

import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.db import transaction
from django.utils import timezone

from core import audit
from core.errors import ConflictError, InvalidError
from core.folders import private_folder
from registry.dataset import read_frame
from registry.models import ModelVersion, UploadedDataset

if TYPE_CHECKING:
    import pandas as pd

    from accounts.models import User

_CHUNK = 1 << 20
_LONGEST_NAME = 200
_MOST_NAMES = 5


def upload_dataset(
    *, version: ModelVersion, file: BinaryIO, file_name: str, actor: "User | None"
) -> UploadedDataset:
    """Keep an uploaded CSV or Parquet file as the training set of `version`.

    Raises:
        ConflictError: the version's run or files already hold one, which comes first.
        InvalidError: the file is no readable table, or holds none of the model's inputs.
    """
    if version.baseline:
        raise ConflictError(
            f"{version} brings its own training set ({version.baseline['label']}).",
            hint="Register a new version to compare with other data.",
        )
    suffix = Path(file_name).suffix.lower()
    if suffix not in (".csv", ".parquet"):
        raise InvalidError(
            f"{file_name!r} is neither .csv nor .parquet.", fields={"file": ["wrong kind of file"]}
        )
    path = private_folder("datasets") / f"{version.pk}-{uuid.uuid4().hex}{suffix}"
    try:
        with path.open("xb") as target:
            shutil.copyfileobj(file, target, _CHUNK)
        frame = read_frame(path, suffix=suffix)
        _refuse_foreign(version, frame)
        row, former = _keep(version, path, file_name=file_name, frame=frame, actor=actor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    if former:
        Path(former).unlink(missing_ok=True)
    return row


def _refuse_foreign(version: ModelVersion, frame: "pd.DataFrame") -> None:
    """Refuse a table of something else before it takes the place of a training set that fits."""
    inputs = [str(field["name"]) for field in version.inputs if field.get("name")]
    if inputs and not set(inputs) & set(frame.columns):
        has, takes = _listed(list(frame.columns)), _listed(inputs)
        raise InvalidError(
            f"The data set has none of the inputs of {version}: it has {has}, the model takes "
            f"{takes}.",
            hint="Upload the rows that the model was trained on; CSV with commas and a header.",
            fields={"file": ["no column of the model"]},
        )


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"{name:.60}" for name in names[:_MOST_NAMES])
    return f"{shown} and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else shown


@transaction.atomic
def _keep(
    version: ModelVersion,
    path: Path,
    *,
    file_name: str,
    frame: "pd.DataFrame",
    actor: "User | None",
) -> tuple[UploadedDataset, str]:
    """Write the row of the file at `path`; return it and the path of the file it replaces."""
    former = UploadedDataset.objects.select_for_update().filter(version=version).first()
    values = {
        "file_name": file_name[-_LONGEST_NAME:],
        "path": str(path),
        "rows": len(frame),
        "columns": [str(column) for column in frame.columns],
        "uploaded": timezone.now(),
    }
    row, _ = UploadedDataset.objects.update_or_create(version=version, defaults=values)
    audit.record(
        "uploaded a training set",
        object=f"model:{version.model.name}/{version.version}",
        actor=actor,
        after={"file": file_name, "rows": len(frame)},
    )
    return row, former.path if former else ""
