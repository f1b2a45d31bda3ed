"""Forms of the floor: filters of lists, and the page that asks before a dangerous act."""

from typing import Any

from django import forms

from core import selectors
from core.jobs.kinds import title_of
from core.models import Job


class FilterForm(forms.Form):
    """A filter row (`partials/_filters.html`): every field is optional, what is odd is ignored."""

    is_filter = True

    def chosen(self) -> dict[str, Any]:
        """Return what was chosen, fields that cannot be used left out as empty."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}


class JobFilterForm(FilterForm):
    """What the list of jobs is narrowed by."""

    status = forms.ChoiceField(
        required=False, choices=[("", "any"), *((s.value, s.value) for s in Job.Status)]
    )
    kind = forms.ChoiceField(required=False)
    subject = forms.CharField(
        required=False,
        label="About",
        widget=forms.TextInput(attrs={"placeholder": "deployment:wine"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [(name, title_of(name)) for name in selectors.job_kinds()]
        self.fields["kind"] = forms.ChoiceField(required=False, choices=[("", "any"), *kinds])


class AuditFilterForm(FilterForm):
    """What the audit log is narrowed by."""

    search = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "who, action or object", "type": "search"}),
    )
    door = forms.ChoiceField(
        required=False,
        choices=[
            ("", "any"),
            ("page", "page"),
            ("rest", "REST"),
            ("command", "command line"),
            ("job", "background job"),
        ],
    )
    object = forms.CharField(required=False, widget=forms.HiddenInput)


class ConfirmForm(forms.Form):
    """The box in which the name of what will be gone is typed; use it with `core/confirm.html`."""

    name = forms.CharField(widget=forms.TextInput(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.expected = expected
        self.fields["name"].label = f"Type {expected} to confirm"

    def clean_name(self) -> str:
        """Accept exactly the expected name."""
        typed = str(self.cleaned_data["name"])
        if typed.strip() != self.expected:
            raise forms.ValidationError(f"{typed!r} is not {self.expected!r}.")
        return typed
