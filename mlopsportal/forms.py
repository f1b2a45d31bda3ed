"""Forms of the portal's own pages: the filters of jobs and of the audit log."""

from typing import Any

from django import forms

from core import selectors
from core.forms import FilterForm
from core.jobs.kinds import title_of
from core.models import Job


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
            ("mlflow", "MLflow"),
            ("command", "command line"),
            ("job", "background job"),
        ],
    )
    object = forms.CharField(required=False, widget=forms.HiddenInput)
