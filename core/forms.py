"""What forms share: the filter of a list, and the box that asks before a dangerous act."""

from typing import Any

from django import forms


class FilterForm(forms.Form):
    """A filter row (`partials/_filters.html`): every field is optional, what is odd is ignored."""

    is_filter = True

    def chosen(self) -> dict[str, Any]:
        """Return what was chosen, fields that cannot be used left out as empty."""
        self.is_valid()
        return {name: self.cleaned_data.get(name, "") for name in self.fields}


class ConfirmForm(forms.Form):
    """The box in which the name of what will be gone is typed; use it with `confirm.html`."""

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
