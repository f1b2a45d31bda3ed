"""From a body to an answer with MLflow's own functions: same answers as `mlflow models serve`.

Three steps, so that one of them can be replaced alone: read the body, predict, write the answer.
What MLflow would answer wrongly is refused before (`checks`), what it refuses is explained after
(`faults`), and what the model itself raises is told apart from both.
"""

import functools
import logging
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from modelserver import checks, compat, faults
from modelserver.answers import (
    JSON_TYPE,
    MODEL_RAISED,
    TOO_LARGE,
    UNSUPPORTED,
    Answer,
    Refusal,
    scrub,
)
from modelserver.documents import read_document, split_document
from modelserver.signature import Inputs, inputs_of
from modelserver.tables import INPUTS, PARQUET, Table, csv_names, csv_table, json_table

logger = logging.getLogger(__name__)

CSV_TYPE: Final = "text/csv"
PARQUET_TYPE: Final = "application/vnd.apache.parquet"
LOGGED_FRAMES: Final = 5
MAX_WARNINGS: Final = 20
CONTENT_TYPES: Final = (JSON_TYPE, CSV_TYPE, PARQUET_TYPE)

# MLflow checks the type hints of a model's predict() inside the call: these are not the model's.
_MLFLOW_CHECKS: Final = frozenset({"_validate_model_input", "_convert_input"})


class ModelRaised(Exception):
    """The model's own predict function raised; `error` is what."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(str(error))
        self.error = error


@dataclass(frozen=True, slots=True)
class Read:
    """A body that has been read: `data` and `params` are what the model takes.

    `wrapped` is False for bodies of language models, whose answer has no key `predictions`.
    `payload` and `table` keep the input as it came for the explanation of a refusal.
    """

    data: Any
    params: dict[str, Any] | None = None
    wrapped: bool = True
    payload: Any = None
    table: Callable[[], Table | None] = lambda: None


class Scorer:
    """Answers requests with one loaded PyFuncModel; not for use by two threads at once."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self._schema = model.metadata.get_input_schema()
        self._params_schema = model.metadata.get_params_schema()
        self._inputs: Inputs | None = inputs_of(self._schema)
        self._raw = compat.takes_raw_inputs(model)
        # What passes through the model's own function is the model's; the rest is MLflow's.
        model._predict_fn = _marked(model._predict_fn)

    def score(self, body: bytes, content_type: str) -> Answer:
        """Answer one request; whatever is wrong with it or the model becomes an Answer too."""
        try:
            read = self._read(body, content_type)
            predictions = self._predict(read)
            text = self._write(predictions, read)
        except Refusal as refusal:
            return refusal.answer()
        except MemoryError:
            return Refusal(
                f"The body of {len(body)} bytes needs more memory than the model server has.",
                hint="Send fewer rows at once.",
                status=TOO_LARGE,
            ).answer()
        return Answer(status=200, body=text.encode(), warnings=self._ignored(read))

    def _read(self, body: bytes, content_type: str) -> Read:
        kind = media_type(content_type)
        if kind == JSON_TYPE:
            return self._read_json(body)
        return self._read_csv(body) if kind == CSV_TYPE else self._read_parquet(body)

    def _read_json(self, body: bytes) -> Read:
        document = read_document(body)
        if not compat.LLM_KEYS.isdisjoint(document):
            data, params = compat.split_llm(document, self._params_schema)
            return Read(data=data, params=params, wrapped=False, payload=data)
        form, payload, params = split_document(document)
        if self._raw:
            if form != INPUTS:
                raise Refusal(f"This model takes its rows under '{INPUTS}', not under '{form}'.")
            return Read(data=payload, params=params, payload=payload)
        table = json_table(form, payload)
        if self._inputs is not None:
            if table is not None:
                checks.check(table, self._inputs)
            else:
                checks.check_unnamed(form, self._inputs)
        read = Read(data=None, params=params, payload=payload, table=lambda: table)
        data = self._explained(read, lambda: compat.read_json(form, payload, self._schema))
        return replace(read, data=data)

    def _read_csv(self, body: bytes) -> Read:
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            raise Refusal(f"The body is not UTF-8: byte {error.start} cannot be read.") from error
        names = csv_names(text)
        if self._inputs is not None:
            checks.check_header(names, self._inputs)
        read = Read(data=None, table=lambda: csv_table(text))
        frame = self._explained(read, lambda: compat.read_csv(text, self._schema))
        return replace(read, data=frame)

    def _read_parquet(self, body: bytes) -> Read:
        try:
            frame = compat.read_parquet(body)
        except MemoryError:
            raise
        except Exception as error:  # pyarrow and pandas have no common root for a file at fault
            raise Refusal(f"The body is not a Parquet file: {scrub(str(error))}.") from error

        def table() -> Table:
            columns = (frame.iloc[:, position].tolist() for position in range(frame.shape[1]))
            return Table(PARQUET, tuple(frame.columns), tuple(columns))

        if self._inputs is not None:
            checks.check_header(tuple(frame.columns), self._inputs)
        return Read(data=frame, table=table)

    def _predict(self, read: Read) -> Any:
        if len(warnings.filters) > 1:
            keep_one_warning_filter()
        try:
            return self._explained(
                read, lambda: compat.predict(self._model, read.data, read.params)
            )
        except ModelRaised as raised:
            raise self._model_refusal(raised.error, read) from raised

    def _write(self, predictions: Any, read: Read) -> str:
        try:
            return compat.write_answer(predictions, wrapped=read.wrapped)
        except (TypeError, ValueError, RecursionError) as error:
            raise Refusal(
                f"The model's answer cannot be written as JSON: {scrub(str(error))}.",
                hint="predict() must return a DataFrame, an array, or what JSON can hold.",
                status=MODEL_RAISED,
            ) from error

    def _explained(self, read: Read, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except (ModelRaised, Refusal, MemoryError):
            raise
        except Exception as error:
            # MLflow raises anything for an input it cannot take, and only inputs get this far.
            raise self._input_refusal(error, read) from error

    def _input_refusal(self, error: Exception, read: Read) -> Refusal:
        if read.params and self._params_schema is not None:
            refusal = faults.explain_params(read.params, self._params_schema)
            if refusal is not None:
                return refusal
        return faults.explain(error, table=read.table(), payload=read.payload, inputs=self._inputs)

    def _model_refusal(self, error: BaseException, read: Read) -> Refusal:
        frames = traceback.extract_tb(error.__traceback__)[1:]
        if isinstance(error, Exception) and any(f.name in _MLFLOW_CHECKS for f in frames):
            return self._input_refusal(error, Read(data=None, params=read.params))
        name = type(error).__name__
        where = "".join(traceback.format_list(frames[-LOGGED_FRAMES:]))
        logger.warning("The model raised %s on an input:\n%s", name, where)
        said = str(error).strip()
        return Refusal(
            scrub(f"The model raised {name}: {said}") if said else f"The model raised {name}.",
            hint="The input has the right form, but the model itself did not accept it.",
            status=MODEL_RAISED,
        )

    def _ignored(self, read: Read) -> tuple[str, ...]:
        known = {spec.name for spec in getattr(self._params_schema, "params", ())}
        ignored = [name for name in read.params or () if name not in known]
        return tuple(f"ignored-param:{name:.60}" for name in ignored[:MAX_WARNINGS])


def media_type(content_type: str) -> str:
    """Return which of the three media types a Content-Type names; otherwise raise Refusal (415)."""
    kind, *parameters = (part.strip() for part in content_type.split(";"))
    for parameter in filter(None, parameters):
        name, _, value = parameter.partition("=")
        if name.strip().lower() != "charset" or value.strip(' "').lower() != "utf-8":
            raise Refusal(
                f"The media type has the parameter '{parameter:.60}'.",
                hint="The only parameter that is understood is charset=utf-8.",
                status=UNSUPPORTED,
            )
    if kind.lower() not in CONTENT_TYPES:
        said = f"'{kind:.60}' is not a media type" if kind else "The request names no media type"
        raise Refusal(
            f"{said} that this model reads.",
            hint=f"Set Content-Type to {', '.join(CONTENT_TYPES[:-1])} or {CONTENT_TYPES[-1]}.",
            status=UNSUPPORTED,
        )
    return kind.lower()


def keep_one_warning_filter() -> None:
    """Leave one filter in the process: warnings are no part of an answer.

    scikit-learn registers every filter again for each tree of a forest; the 16 that MLflow, pandas
    and others leave behind cost more than a third of the time of a prediction.
    """
    warnings.resetwarnings()
    warnings.simplefilter("ignore")


def _marked(predict: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(predict)
    def marked(*args: Any, **kwargs: Any) -> Any:
        try:
            return predict(*args, **kwargs)
        # Even sys.exit() in a model is an answer to this request and must not end the thread.
        except BaseException as error:
            raise ModelRaised(error) from error

    return marked
