"""Taking the training set of a version that brought none."""

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings
from django.db import transaction

from core import audit
from core.errors import ConflictError, InvalidError
from registry.dataset import read_frame
from registry.models import ModelVersion, UploadedDataset

if TYPE_CHECKING:
    from accounts.models import User

_CHUNK = 1 << 20


@transaction.atomic
def upload_dataset(
    *, version: ModelVersion, file: BinaryIO, file_name: str, actor: "User | None"
) -> UploadedDataset:
    """Keep an uploaded CSV or Parquet file as the training set of `version`.

    Raises:
        ConflictError: the version's run or files already hold one, which comes first.
        InvalidError: the file is no readable table.
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
    folder = Path(settings.DATA) / "datasets"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{version.pk}{suffix}"
    partial = path.with_suffix(f"{suffix}.partial")
    with partial.open("wb") as target:
        while chunk := file.read(_CHUNK):
            target.write(chunk)
    try:
        frame = read_frame(partial, suffix=suffix)
    except InvalidError:
        partial.unlink()
        raise
    partial.replace(path)
    row, _ = UploadedDataset.objects.update_or_create(
        version=version,
        defaults={
            "file_name": file_name,
            "path": str(path),
            "rows": len(frame),
            "columns": [str(column) for column in frame.columns],
        },
    )
    audit.record(
        "uploaded a training set",
        object=f"model:{version.model.name}/{version.version}",
        actor=actor,
        after={"file": file_name, "rows": len(frame)},
    )
    return row
