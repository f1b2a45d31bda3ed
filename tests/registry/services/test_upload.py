"""Taking the training set of a version that brought none."""

import io
from pathlib import Path

import pandas as pd
import pytest
from django.conf import LazySettings, settings
from django.db import connection, transaction

from accounts.models import User
from core.errors import ConflictError, InvalidError, NotFoundError
from core.models import AuditEntry
from registry.dataset import load_dataset
from registry.models import UploadedDataset
from registry.services import upload_dataset
from tests.factories import a_version
from tests.registry.mlflow import FakeMlflow

pytestmark = pytest.mark.django_db

FRAME = pd.DataFrame({"pH": [3.1, 3.2], "quality": [5, 6]})


@pytest.fixture(autouse=True)
def data(tmp_path: Path, settings: LazySettings) -> Path:
    settings.DATA = tmp_path
    return tmp_path


def _parquet() -> bytes:
    file = io.BytesIO()
    FRAME.to_parquet(file)
    return file.getvalue()


def _csv() -> bytes:
    return FRAME.to_csv(index=False).encode()


def _upload(content: bytes, name: str = "d.csv", actor: User | None = None) -> UploadedDataset:
    version = a_version()
    return upload_dataset(version=version, file=io.BytesIO(content), file_name=name, actor=actor)


def _kept(data: Path) -> list[str]:
    folder = data / "datasets"
    return [path.suffix for path in folder.iterdir()] if folder.exists() else []


@pytest.mark.parametrize(("name", "content"), [("d.csv", _csv()), ("D.PARQUET", _parquet())])
def test_a_table_is_kept_and_given_back_as_it_was(olga: User, name: str, content: bytes) -> None:
    row = _upload(content, name, olga)
    assert (row.file_name, row.rows, row.columns) == (name, 2, ["pH", "quality"])
    frame, origin = load_dataset(row.version)
    pd.testing.assert_frame_equal(frame, FRAME)
    assert origin == f"{name}, uploaded"
    entry = AuditEntry.objects.get(action="uploaded a training set")
    assert (entry.actor, entry.object) == (olga, "model:wine/1")


def test_a_second_upload_takes_the_place_of_the_first(data: Path) -> None:
    first = _upload(_csv())
    second = _upload(_parquet(), "e.parquet")
    assert UploadedDataset.objects.get().file_name == "e.parquet"
    assert second.uploaded > first.uploaded
    assert _kept(data) == [".parquet"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("d.xlsx", b"x", "neither .csv nor .parquet"),
        ("noname", b"x", "neither .csv nor .parquet"),
        ("d.csv", b"", "cannot be read as csv"),
        ("d.csv", b"a,b\n", "has no rows"),
        ("d.csv", b"\xff\xfe\x00", "cannot be read as csv"),
        ("d.csv", b"a,b\n1,2\n1,2,3\n", "cannot be read as csv"),
        ("d.parquet", b"no parquet", "cannot be read as parquet"),
        ("d.parquet", _parquet()[:-20], "cannot be read as parquet"),
        ("d.parquet", b"PAR1" + bytes(100) + b"PAR1", "cannot be read as parquet"),
    ],
)
def test_what_is_no_table_is_refused_and_nothing_is_left(
    data: Path, name: str, content: bytes, words: str
) -> None:
    with pytest.raises(InvalidError, match=words) as caught:
        _upload(content, name)
    assert list(caught.value.fields) == ["file"]
    assert _kept(data) == []
    assert not UploadedDataset.objects.exists()


def test_where_the_portal_keeps_the_file_is_not_told(data: Path) -> None:
    with pytest.raises(InvalidError) as caught:
        _upload(b"PAR1" + bytes(100) + b"PAR1", "d.parquet")
    assert str(data) not in caught.value.message


@pytest.mark.parametrize("content", [b"", b"PH;quality\n3.1;5\n", b"a,b\n1,2\n"])
def test_a_refused_second_upload_leaves_the_first(content: bytes) -> None:
    row = _upload(_csv())
    with pytest.raises(InvalidError):
        _upload(content)
    frame, _ = load_dataset(row.version)
    assert len(frame) == 2


def test_a_table_of_something_else_is_refused_by_its_columns() -> None:
    """A CSV file with semicolons is one column to pandas."""
    with pytest.raises(
        InvalidError, match="wine version 1: it has pH;quality, the model takes pH, alcohol"
    ):
        _upload(b"pH;quality\n3.1;5\n")


def test_whatever_a_model_without_a_signature_was_trained_on_is_taken() -> None:
    version = a_version(details={})
    file = io.BytesIO(b"a,b\n1,2\n")
    row = upload_dataset(version=version, file=file, file_name="d.csv", actor=None)
    assert row.columns == ["a", "b"]


def test_a_version_that_brings_its_own_takes_none() -> None:
    version = a_version(baseline={"kind": "run", "label": "data/dataset.csv, artifact"})
    with pytest.raises(ConflictError, match="brings its own training set"):
        upload_dataset(version=version, file=io.BytesIO(_csv()), file_name="d.csv", actor=None)


def test_a_name_too_long_for_its_column_is_cut_at_the_front() -> None:
    assert _upload(_csv(), "x" * 300 + ".csv").file_name == "x" * 196 + ".csv"


def test_a_name_with_a_path_in_it_writes_nowhere_else(data: Path) -> None:
    _upload(_csv(), "../../../etc/evil.csv")
    assert _kept(data) == [".csv"]


@pytest.mark.django_db(transaction=True)
def test_nobody_waits_for_the_database_while_a_file_arrives() -> None:
    """SQLite has one writer: a slow upload within a transaction would stop everybody else."""
    seen = []

    class Slow(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            seen.append(connection.in_atomic_block)
            return super().read(size)

    upload_dataset(version=a_version(), file=Slow(_csv()), file_name="d.csv", actor=None)
    assert seen
    assert not any(seen)
    assert transaction.get_autocommit()


def test_a_set_that_mlflow_holds_is_read_through_it(mlflow: FakeMlflow) -> None:
    mlflow.add_file("wine/1/data/dataset.parquet", _parquet())
    place = {
        "kind": "model",
        "uri": "mlflow-artifacts:/wine/1",
        "path": "data/dataset.parquet",
        "label": "data/dataset.parquet, artifact of the model",
    }
    frame, origin = load_dataset(a_version(baseline=place))
    pd.testing.assert_frame_equal(frame, FRAME)
    assert origin == place["label"]


def test_a_version_without_any_says_where_one_can_come_from() -> None:
    with pytest.raises(NotFoundError, match="wine version 1 has no training set") as caught:
        load_dataset(a_version())
    assert "data/dataset.parquet" in caught.value.hint
    assert settings.DATA
