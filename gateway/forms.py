"""Forms of predictions: the filter of their list, and the truth of a row."""

from collections.abc import Iterable
from typing import Any, Final

import msgspec
from django import forms

from core import timerange
from core.errors import InvalidError
from core.forms import FilterForm
from core.timerange import TimeRange
from gateway.filters import query_of
from gateway.stores.protocol import Query

CUSTOM: Final = "custom"
_WINDOWS: Final = [
    *((name, "ever" if name == "ever" else f"last {name}") for name in timerange.WINDOWS),
    (CUSTOM, "from … to …"),
]


class PredictionFilterForm(FilterForm):
    """What the list of predictions is narrowed by; `from`, `to`, `tz` count for CUSTOM alone."""

    deployment = forms.ChoiceField(required=False)
    window = forms.ChoiceField(required=False, label="Time", choices=_WINDOWS)
    tz = forms.CharField(
        required=False,
        label="Time zone",
        widget=forms.TextInput(attrs={"placeholder": "UTC, Europe/Berlin, …"}),
    )
    version = forms.ChoiceField(required=False)
    status = forms.ChoiceField(
        required=False,
        label="Answer",
        choices=[
            ("", "any"),
            ("answered", "answered (2xx)"),
            ("refused", "refused (4xx)"),
            ("failed", "failed (5xx)"),
        ],
    )
    search = forms.CharField(
        required=False,
        label="Prediction or request id",
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"}),
    )

    field_order = ("deployment", "window", "from", "to", "tz", "version", "status", "search")

    def __init__(
        self,
        data: Any,
        *,
        deployments: Iterable[str],
        versions: Iterable[str],
        default_window: str = "week",
    ) -> None:
        given = data.copy()
        given.setdefault("window", CUSTOM if data.get("from") or data.get("to") else default_window)
        super().__init__(given)
        # `from` is a word of Python and cannot be the name of a class attribute.
        for name in ("from", "to"):
            self.fields[name] = forms.CharField(
                required=False,
                widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
            )
        self.fields["deployment"] = _choice("all", deployments)
        self.fields["version"] = _choice("any", versions)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        """Read the stretch of time, so that a mistake in it stands beside its field."""
        self._span = self._range()
        try:
            self.span = timerange.parse(self._span)
        except InvalidError as error:
            self._span, self.span = {}, TimeRange(None, None, "ever")
            for name in error.fields:
                self.add_error(name if name in self.fields else "from", error.message)
        return self.cleaned_data

    def query(self) -> Query:
        """Return the query that the form asks."""
        return query_of(self.parameters(), deployment=self.chosen()["deployment"])

    def parameters(self) -> dict[str, str]:
        """Return the parameters with which REST gives the same predictions of one deployment."""
        chosen = self.chosen()
        others = {name: str(chosen[name]).strip() for name in ("version", "status", "search")}
        return {name: value for name, value in {**self._span, **others}.items() if value}

    def _range(self) -> dict[str, str]:
        """Return the parameters of the stretch of time as `core.timerange.parse` reads them."""
        given = {name: str(self.cleaned_data.get(name) or "") for name in ("from", "to", "tz")}
        window = str(self.cleaned_data.get("window") or "")
        return given if window == CUSTOM else {"window": window}


class TruthForm(forms.Form):
    """What a row of a prediction should have been, typed as the model would answer it."""

    row = forms.IntegerField(min_value=0, initial=0)
    value = forms.CharField(
        label="It should have been", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, data: Any = None, *, rows: int, answers_text: bool) -> None:
        super().__init__(data, auto_id="truth_%s")
        self._answers_text = answers_text
        if rows == 1:
            self.fields["row"].widget = forms.HiddenInput()
        else:
            self.fields["row"].help_text = f"From 0 to {rows - 1}, as in the table."

    def clean_value(self) -> Any:
        """Return a text for a model that answers texts, else what the text is as JSON."""
        typed = str(self.cleaned_data["value"])
        if self._answers_text:
            return typed
        try:
            return msgspec.json.decode(typed)
        except msgspec.DecodeError:
            return typed


def _choice(nothing: str, values: Iterable[str]) -> forms.ChoiceField:
    return forms.ChoiceField(
        required=False, choices=[("", nothing), *((value, value) for value in values)]
    )
