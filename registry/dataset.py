"""The training set of a version as a data frame, wherever it lies."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidError, NotFoundError
from registry.client import MlflowClient
from registry.models import ModelVersion, UploadedDataset

if TYPE_CHECKING:
    import pandas as pd


def load_dataset(version: ModelVersion) -> "tuple[pd.DataFrame, str]":
    """Return the training set of `version` and a sentence part that says where it came from.

    Raises:
        NotFoundError: the version has none.
        InvalidError: the file is no readable table.
    """
    if version.baseline:
        return _from_mlflow(version), version.baseline["label"]
    upload = UploadedDataset.objects.filter(version=version).first()
    if upload is None:
        raise NotFoundError(
            f"{version} has no training set.",
            hint="Log it as the run artifact data/dataset.parquet, or upload it on its page.",
            permanent=True,
        )
    path = Path(upload.path)
    return read_frame(path, suffix=path.suffix), f"{upload.file_name}, uploaded"


def read_frame(path: Path, *, suffix: str) -> "pd.DataFrame":
    """Return the table in a CSV or Parquet file.

    Raises:
        InvalidError: it cannot be read as such, or has no rows or columns.
    """
    import pandas as pd  # takes a second to import, and only jobs and uploads read tables
    import pyarrow

    try:
        frame = pd.read_parquet(path) if suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError, pyarrow.ArrowException) as error:
        # Where the portal keeps the file is nothing to whoever uploaded it.
        said = str(error).replace(str(path), f"*{suffix}")
        reason = said.splitlines()[0][:200] if said else type(error).__name__
        raise InvalidError(
            f"The data set cannot be read as {suffix.removeprefix('.')}: {reason}",
            fields={"file": ["unreadable"]},
        ) from error
    if frame.empty:
        raise InvalidError("The data set has no rows.", fields={"file": ["empty"]})
    frame.columns = [str(column) for column in frame.columns]
    return frame


def _from_mlflow(version: ModelVersion) -> "pd.DataFrame":
    place = version.baseline
    suffix = Path(place["path"]).suffix
    with MlflowClient() as mlflow, tempfile.NamedTemporaryFile(suffix=suffix) as copy:
        with mlflow.stream(place["uri"], place["path"]) as chunks:
            for chunk in chunks:
                copy.write(chunk)
        copy.flush()
        return read_frame(Path(copy.name), suffix=suffix)
