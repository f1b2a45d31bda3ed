"""Predictions as JSON, CSV and Parquet, compared with pandas; streamed, right now."""

import io
import json
import random
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from core.errors import InvalidError
from gateway import exports
from gateway.exports import export
from gateway.models import Truth
from gateway.stores.protocol import Query
from tests.factories import WINE_INPUTS, a_prediction, a_record
from tests.gateway.conftest import Write

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
COLUMNS: list[dict[str, Any]] = [*WINE_INPUTS, {"name": "colour", "type": "string"}]


@pytest.fixture(autouse=True)
def log(write: Write) -> Write:
    """Give each test a log of its own, which reads look into."""
    return write


def _export(form: str, columns: list[dict[str, Any]] = COLUMNS, **query: Any) -> bytes:
    return b"".join(export(Query(deployment="wine", **query), form=form, columns=columns))


def _random_predictions(count: int) -> pd.DataFrame:
    """Write predictions of several rows each; return what an export must say of them."""
    rng = random.Random(20260301)
    expected = []
    for number in range(count):
        rows = [
            [rng.choice([None, rng.uniform(2, 4)]), rng.uniform(8, 14), rng.choice("rw")]
            for _ in range(rng.randint(1, 4))
        ]
        table = {"columns": ["pH", "alcohol", "colour"], "data": rows}
        outputs = [rng.randint(3, 8) for _ in rows]
        row = a_prediction(
            time=NOON + timedelta(microseconds=number),
            inputs=json.dumps(table),
            outputs=json.dumps(outputs),
            rows=len(rows),
        )
        for place, (values, output) in enumerate(zip(rows, outputs, strict=True)):
            truth = rng.choice([None, rng.randint(3, 8)])
            if truth is not None:
                Truth.objects.create(prediction=row.pk, row=place, value=truth)
            expected.append(
                {
                    "id": str(row.pk),
                    "row": place,
                    "time": row.time,
                    **dict(zip(table["columns"], values, strict=True)),
                    "prediction": output,
                    "truth": truth,
                }
            )
    return pd.DataFrame(expected)


def test_json_csv_and_parquet_say_the_same_as_was_asked_and_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exports, "_ROWS_PER_CHUNK", 30)
    expected = _random_predictions(100)

    parquet = pd.read_parquet(io.BytesIO(_export("parquet")))
    assert parquet["time"].dt.tz is not None
    csv = pd.read_csv(io.BytesIO(_export("csv")), parse_dates=["time"])
    for frame in (parquet, csv):
        assert list(frame["id"]) == list(expected["id"])
        assert list(frame["row"]) == list(expected["row"])
        assert list(frame["time"]) == list(expected["time"])
        assert list(frame["colour"]) == list(expected["colour"])
        for name in ("pH", "alcohol"):
            np.testing.assert_array_equal(
                frame[name].to_numpy(float), expected[name].to_numpy(float)
            )
        for name in ("prediction", "truth"):
            np.testing.assert_array_equal(
                pd.to_numeric(frame[name]).to_numpy(float), expected[name].to_numpy(float)
            )

    rows = [
        {
            "id": entry["id"],
            "row": place,
            **dict(zip(entry["inputs"]["columns"], cells, strict=True)),
            "prediction": entry["predictions"][place],
            "truth": entry["truths"].get(str(place)),
        }
        for entry in json.loads(_export("json"))
        for place, cells in enumerate(entry["inputs"]["data"])
    ]
    pd.testing.assert_frame_equal(
        pd.DataFrame(rows)[list(rows[0])], expected[list(rows[0])], check_dtype=False
    )


def test_digits_stay_as_they_were_sent() -> None:
    a_prediction(inputs='{"columns":["pH"],"data":[[3.10]]}', outputs="[0.30000000000000004]")
    assert '"data":[[3.10]]' in _export("json").decode()
    frame = pd.read_csv(io.BytesIO(_export("csv")))
    assert frame["prediction"][0] == 0.30000000000000004


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_nothing_is_a_sound_file_too(form: str) -> None:
    content = _export(form)
    if form == "json":
        assert json.loads(content) == []
    else:
        read = pd.read_csv if form == "csv" else pd.read_parquet
        frame = read(io.BytesIO(content))
        assert len(frame) == 0
        assert {"id", "time", "pH", "alcohol", "prediction", "truth"} <= set(frame)


FORMULAS = ["=1+1", "+1", "-cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "\r=1"]


@pytest.mark.parametrize("formula", FORMULAS)
def test_a_spreadsheet_finds_no_formula_in_any_cell(formula: str) -> None:
    """Callers choose values, ids and answers; whoever registers a model chooses column names."""
    a_prediction(
        inputs=json.dumps({"columns": ["colour", formula], "data": [[formula, formula]]}),
        outputs=json.dumps([formula]),
        request_id=formula.strip(),
        caller=formula,
    )
    columns = [{"name": "colour", "type": "string"}, {"name": formula, "type": "string"}]
    frame = pd.read_csv(
        io.BytesIO(_export("csv", columns)), header=None, dtype=str, keep_default_na=False
    )
    cells = frame.to_numpy().ravel().tolist()
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    assert f"'{formula}" in cells


def test_negative_numbers_are_numbers() -> None:
    a_prediction(inputs='{"columns":["pH"],"data":[[-3.5]]}', outputs="[-1]")
    frame = pd.read_csv(io.BytesIO(_export("csv")))
    assert (frame["pH"][0], frame["prediction"][0]) == (-3.5, -1)


def test_what_fits_no_column_goes_to_other_and_a_wrong_type_is_missing_in_parquet() -> None:
    a_prediction(
        inputs='{"columns":["pH","extra"],"data":[["acid",[1,2]]]}', outputs='{"error_code":"X"}'
    )
    a_prediction(inputs='{"raw":"a prompt"}', outputs='"text"')
    frame = pd.read_parquet(io.BytesIO(_export("parquet")))
    assert frame["pH"].isna().all()
    assert [json.loads(cell) for cell in frame["other"]] == [
        {"extra": [1, 2]},
        {"raw": "a prompt"},
    ]
    assert json.loads(frame["prediction"][0]) == {"error_code": "X"}
    csv = pd.read_csv(io.BytesIO(_export("csv")))
    assert csv["pH"][0] == "acid"


def test_inputs_named_as_the_portals_own_columns_hide_nothing() -> None:
    """Wine data has an id, and many a table a time: neither may stand for the prediction's."""
    row = a_prediction(
        inputs=json.dumps(
            {"columns": ["id", "truth", "input.id"], "data": [[2**60 + 1, "yes", 0.5]]}
        ),
        outputs="[6]",
    )
    columns = [
        {"name": "id", "type": "long"},
        {"name": "truth", "type": "string"},
        {"name": "input.id", "type": "double"},
    ]
    csv = pd.read_csv(io.BytesIO(_export("csv", columns)))
    for frame in (csv, pd.read_parquet(io.BytesIO(_export("parquet", columns)))):
        (line,) = frame.to_dict("records")
        assert (line["id"], str(line["prediction"])) == (str(row.pk), "6")
        assert pd.isna(line["truth"])
        assert (line["input.input.id"], line["input.truth"]) == (2**60 + 1, "yes")
        assert line["input.id"] == 0.5


@pytest.mark.parametrize("value", ["1e300", "0.5", "9223372036854775808", '"7"', "9" * 400])
@pytest.mark.parametrize("kind", ["long", "double"])
def test_a_number_beyond_its_type_does_not_end_a_parquet_file(value: str, kind: str) -> None:
    """Refused requests are kept as well, with whatever they held."""
    a_prediction(inputs=f'{{"columns":["pH"],"data":[[{value}],[7]]}}', outputs='{"error_code":1}')
    frame = pd.read_parquet(
        io.BytesIO(_export("parquet", [{"name": "pH", "type": kind}])), dtype_backend="pyarrow"
    )
    fits = kind == "double" and not value.startswith(('"', "999"))
    assert frame["pH"].isna().tolist() == [not fits, False]
    assert frame["pH"][1] == 7


def test_an_unknown_form_is_refused_before_anything_is_sent() -> None:
    with pytest.raises(InvalidError, match="format is 'xlsx'"):
        export(Query(deployment="wine"), form="xlsx", columns=[])


def test_what_was_answered_a_moment_ago_is_in_it(write: Write) -> None:
    """Nobody has shipped it yet: the read does."""
    record = a_record()
    write(record)
    assert [entry["id"] for entry in json.loads(_export("json"))] == [str(record.id)]


@pytest.mark.parametrize("form", ["json", "csv", "parquet"])
def test_a_long_export_holds_a_chunk_in_memory(form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = exports.selectors.store().newest(Query(deployment="wine"), limit=1)
    a_prediction()
    (stored,) = exports.selectors.store().newest(Query(deployment="wine"), limit=1)
    wide = json.dumps({"columns": ["colour"], "data": [["x" * 20_000]]})

    def many(query: Query) -> Iterator[Any]:
        for _ in range(1500):
            yield type(stored)(**{**_fields(stored), "inputs": wide})

    monkeypatch.setattr(exports.selectors, "predictions", many)
    monkeypatch.setattr(exports.selectors, "with_truths", lambda rows: ((r, {}) for r in rows))
    monkeypatch.setattr(exports, "_ROWS_PER_CHUNK", 100)
    tracemalloc.start()
    size = sum(len(chunk) for chunk in export(Query(deployment="wine"), form=form, columns=COLUMNS))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert form == "parquet" or size > 30_000_000
    assert peak < 15_000_000


def _fields(row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}
