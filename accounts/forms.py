"""Forms about access: log in, first administrator, password, API token."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.password_validation import password_validators_help_texts
from django.utils import timezone
from django.utils.html import format_html

from accounts.policy import SCOPE_MEANINGS
from core.errors import InvalidError

DEFAULT_TOKEN_DAYS = 90


def add_refusal(form: forms.BaseForm, error: InvalidError) -> None:
    """Show what a service refused beside the fields that it names, or above the form."""
    named = {name: texts for name, texts in error.fields.items() if name in form.fields}
    if not named:
        form.add_error(None, str(error))
    for name, texts in named.items():
        form.add_error(name, texts if any(len(text) > 20 for text in texts) else [str(error)])


class LoginForm(AuthenticationForm):
    """Name and password; it does not say which of the two is wrong."""

    error_messages = {
        "invalid_login": "This name and password do not belong together. Both are case-sensitive.",
        "inactive": "This account is disabled. Ask an administrator of the portal.",
    }


class SetupForm(forms.Form):
    """The first administrator."""

    username = forms.CharField(
        max_length=150,
        help_text="What you log in with.",
        widget=forms.TextInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    email = forms.EmailField(
        required=False, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    again = forms.CharField(
        strip=False,
        label="Password again",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_validators_help_texts())

    def clean_again(self) -> str:
        """Accept only the same password twice."""
        again = str(self.cleaned_data["again"])
        if again != self.cleaned_data.get("password"):
            raise forms.ValidationError("The two passwords differ.")
        return again


class PasswordForm(PasswordChangeForm):
    """The old password, and the new one twice."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old_password"].label = "Password now"
        self.fields["new_password1"].label = "New password"
        self.fields["new_password1"].help_text = " ".join(password_validators_help_texts())
        self.fields["new_password2"].label = "New password again"
        self.fields["new_password2"].help_text = ""


class TokenForm(forms.Form):
    """A new API token: what it is for, what it may do, how long."""

    name = forms.CharField(
        max_length=100,
        help_text="What will carry it, such as the name of a program or a CI pipeline.",
    )
    scopes = forms.MultipleChoiceField(
        required=False,
        label="It may",
        help_text="What your role does not allow stays refused.",
        widget=forms.CheckboxSelectMultiple,
        choices=[
            (scope, format_html('<code>{}</code> <span class="muted">{}</span>', scope, meaning))
            for scope, meaning in SCOPE_MEANINGS.items()
        ],
    )
    predict = forms.CharField(
        required=False,
        label="Or predictions of these deployments only",
        help_text="Names of deployments, separated by commas; instead of predict above.",
    )
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=3650,
        initial=DEFAULT_TOKEN_DAYS,
        label="Valid for days",
        help_text="Empty: until it is revoked.",
    )

    def clean(self) -> dict[str, Any]:
        """Ask for at least one scope."""
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and not self.all_scopes:
            self.add_error("scopes", "Choose at least one, or name a deployment below.")
        return cleaned

    @property
    def all_scopes(self) -> list[str]:
        """The scopes chosen, those of single deployments as `predict:NAME`."""
        names = (name.strip() for name in self.cleaned_data.get("predict", "").split(","))
        narrowed = [f"predict:{name}" for name in names if name]
        return [*self.cleaned_data.get("scopes", []), *narrowed]

    @property
    def expires(self) -> datetime | None:
        """When the token ends, or None for never."""
        days = self.cleaned_data.get("days")
        return timezone.now() + timedelta(days=days) if days else None
