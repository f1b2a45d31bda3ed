"""The filter of predictions: which deployment, which stretch of time, which answers."""

from collections.abc import Iterable
from typing import Any, Final

from django import forms

from core import timerange
from core.errors import InvalidError
from core.forms import FilterForm
from core.timerange import TimeRange
from gateway.stores.protocol import Query

CUSTOM: Final = "custom"
ANSWERS: Final = {
    "answered": (200, 300),
    "refused": (400, 500),
    "failed": (500, 600),
}
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
        try:
            self.span = timerange.parse(self._range())
        except InvalidError as error:
            self.span = TimeRange(None, None, "ever")
            for name in error.fields:
                self.add_error(name if name in self.fields else "from", error.message)
        return self.cleaned_data

    def query(self) -> Query:
        """Return the query that the form asks; an id is looked for in all of time."""
        chosen = self.chosen()
        search = chosen["search"].strip()
        return Query(
            deployment=chosen["deployment"],
            start=None if search else self.span.start,
            end=None if search else self.span.end,
            version=chosen["version"],
            statuses=ANSWERS.get(chosen["status"]),
            search=search,
        )

    def export_parameters(self) -> dict[str, str]:
        """Return the parameters of the REST path that gives the same stretch and version."""
        version = {"version": str(self.cleaned_data.get("version") or "")}
        return {name: value for name, value in {**self._range(), **version}.items() if value}

    def _range(self) -> dict[str, str]:
        """Return the parameters of the stretch of time as `core.timerange.parse` reads them."""
        given = {name: str(self.cleaned_data.get(name) or "") for name in ("from", "to", "tz")}
        window = str(self.cleaned_data.get("window") or "")
        return given if window == CUSTOM else {"window": window}


def _choice(nothing: str, values: Iterable[str]) -> forms.ChoiceField:
    return forms.ChoiceField(
        required=False, choices=[("", nothing), *((value, value) for value in values)]
    )
