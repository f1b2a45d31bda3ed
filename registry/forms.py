"""Forms of the registry: the filter of the list, and a training set to upload."""

from django import forms

from core.forms import FilterForm


class ModelFilterForm(FilterForm):
    """What the list of models is narrowed by."""

    search = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "name or description", "type": "search"}),
    )


class BaselineForm(forms.Form):
    """The training set of a version that brought none."""

    file = forms.FileField(
        label="Training set",
        help_text="CSV or Parquet, a column per input of the signature and one with the target.",
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.parquet"}),
    )
