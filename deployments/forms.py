"""Forms of deployments: which version, under which name, and the filter of the list."""

from collections.abc import Iterable
from typing import Any

from django import forms

from core.forms import FilterForm
from core.statuses import word_for
from registry.models import ModelVersion, RegisteredModel

_ALIAS, _VERSION = "alias:", "version:"
STATUSES = (
    "live",
    "pending",
    "building",
    "starting",
    "restarting",
    "failed",
    "stopping",
    "stopped",
)


class DeploymentFilterForm(FilterForm):
    """What the list of deployments is narrowed by."""

    search = forms.CharField(
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "deployment or model", "type": "search"}),
    )
    status = forms.ChoiceField(
        required=False, choices=[("", "any"), *((s, word_for(s).label) for s in STATUSES)]
    )
    all = forms.BooleanField(required=False, label="Show undeployed")


class ModelForm(forms.Form):
    """Which model to deploy; the next page asks for the rest."""

    model = forms.ChoiceField(help_text="Every model that is registered in MLflow.")

    def __init__(self, *args: Any, names: Iterable[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["model"] = forms.ChoiceField(
            choices=[(name, name) for name in names],
            help_text="Every model that is registered in MLflow.",
        )


class VersionForm(forms.Form):
    """Which version of a model to serve: one by its number, or what an alias stands for."""

    serve = forms.ChoiceField(label="Version or alias")

    def __init__(
        self,
        *args: Any,
        model: RegisteredModel,
        versions: Iterable[ModelVersion],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        aliases = [
            (f"{_ALIAS}{alias}", f"{alias} (now version {version})")
            for alias, version in sorted(model.aliases.items())
        ]
        numbers = [
            (f"{_VERSION}{row.version}", f"Version {row.version}, {row.created:%Y-%m-%d %H:%M} UTC")
            for row in versions
        ]
        groups = [("Aliases", aliases), ("Versions", numbers)]
        self.fields["serve"] = forms.ChoiceField(
            label="Version or alias",
            choices=[group for group in groups if group[1]],
            help_text="A version stays until you replace it. An alias is followed: "
            "when it moves in MLflow, the version that it moved to is deployed.",
        )

    @property
    def version(self) -> str:
        """The chosen version, or an empty text when an alias was chosen."""
        chosen = str(self.cleaned_data["serve"])
        return chosen.removeprefix(_VERSION) if chosen.startswith(_VERSION) else ""

    @property
    def alias(self) -> str:
        """The chosen alias, or an empty text when a version was chosen."""
        chosen = str(self.cleaned_data["serve"])
        return chosen.removeprefix(_ALIAS) if chosen.startswith(_ALIAS) else ""

    @staticmethod
    def initial_for(*, version: str = "", alias: str = "") -> dict[str, str]:
        """Return what is chosen at first: the alias if there is one, else the version."""
        if alias:
            return {"serve": f"{_ALIAS}{alias}"}
        return {"serve": f"{_VERSION}{version}"} if version else {}


class DeployForm(VersionForm):
    """Which version to serve, and the name under which it answers."""

    name = forms.CharField(
        max_length=200,
        label="Name of the deployment",
        help_text="It becomes part of the address: /models/NAME/invocations. "
        "A name that was undeployed is taken up again, with its history.",
    )
