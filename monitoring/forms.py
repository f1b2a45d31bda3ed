"""Forms of monitoring: the range of a check, and the filter of alarms."""

from typing import Any

from django import forms

from core import timerange
from core.errors import InvalidError
from core.forms import FilterForm
from monitoring.models import Alarm


def _moment(label: str) -> forms.CharField:
    """Return a field for a time in UTC, read as REST reads it."""
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"})
    return forms.CharField(required=False, label=label, widget=widget)


class SpanForm(forms.Form):
    """A stretch of time from-to, as a row; one end may stay open."""

    is_filter = True

    start = _moment("From, UTC")
    end = _moment("To, UTC (empty: now)")

    def clean(self) -> dict[str, Any]:
        """Turn both into a range, told as the REST parameters are."""
        cleaned = super().clean() or self.cleaned_data
        given = {"from": cleaned.get("start") or "", "to": cleaned.get("end") or ""}
        if not any(given.values()):
            raise forms.ValidationError("Give the time from which on to look.")
        try:
            cleaned["span"] = timerange.parse(given)
        except InvalidError as error:
            raise forms.ValidationError(error.message) from error
        return cleaned


class AlarmFilterForm(FilterForm):
    """What the list of alarms is narrowed by."""

    status = forms.ChoiceField(
        required=False, choices=[("", "any"), *((s.value, s.value) for s in Alarm.Status)]
    )
    deployment = forms.CharField(required=False)
