"""What the portal remembers of MLflow's registry: models, versions, and how fresh that is."""

from typing import Any

from django.db import models
from django.urls import reverse
from django.utils import timezone


class RegisteredModel(models.Model):
    """A registered model of MLflow; its name may hold blanks, dots and any letters."""

    name = models.CharField(max_length=256, unique=True)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    aliases = models.JSONField(default=dict)
    created = models.DateTimeField()
    updated = models.DateTimeField()
    gone = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("registry:model", args=[self.name])


class ModelVersion(models.Model):
    """A version of a registered model, with what its files and its run say about it.

    `details` is None until the files were read; `baseline` says where the training set is:
    `{"kind", "uri", "path", "label"}`, or is empty when none was found.
    """

    model = models.ForeignKey(RegisteredModel, on_delete=models.CASCADE, related_name="versions")
    version = models.CharField(max_length=20)
    run_id = models.CharField(max_length=64, blank=True)
    source = models.TextField(blank=True)
    artifact_uri = models.TextField(blank=True)
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict)
    created = models.DateTimeField()
    details = models.JSONField(null=True, blank=True)
    metrics = models.JSONField(default=dict)
    params = models.JSONField(default=dict)
    baseline = models.JSONField(default=dict)
    read = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    gone = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created"]
        constraints = [
            models.UniqueConstraint(
                fields=["model", "version"], name="registry_version_of_model_unique"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} version {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("registry:version", args=[self.model.name, self.version])

    @property
    def aliases(self) -> list[str]:
        """The aliases that point here."""
        return sorted(a for a, v in self.model.aliases.items() if v == self.version)

    @property
    def requirements(self) -> str:
        return str(self._detail("requirements", ""))

    @property
    def inputs(self) -> list[dict[str, Any]]:
        """The signature's inputs: name, type and whether they are required."""
        return list(self._detail("inputs", []))

    @property
    def outputs(self) -> list[dict[str, Any]]:
        return list(self._detail("outputs", []))

    @property
    def size(self) -> int | None:
        """Bytes of all files of the version."""
        value = self._detail("size", None)
        return None if value is None else int(value)

    def _detail(self, name: str, default: Any) -> Any:
        return (self.details or {}).get(name, default)


class UploadedDataset(models.Model):
    """A training set that a person gave for a version that brought none."""

    version = models.OneToOneField(ModelVersion, on_delete=models.CASCADE, related_name="upload")
    file_name = models.CharField(max_length=200)
    path = models.CharField(max_length=400)
    rows = models.PositiveIntegerField()
    columns = models.JSONField(default=list)
    uploaded = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.file_name} ({self.rows} rows)"


class RegistryState(models.Model):
    """One row: when the registry was last read, and what went wrong since."""

    last_read = models.DateTimeField(null=True, blank=True)
    problem = models.TextField(blank=True)
    server_version = models.CharField(max_length=40, blank=True)

    def __str__(self) -> str:
        return f"read {self.last_read}"

    @classmethod
    def load(cls) -> "RegistryState":
        """Return the row, made if it is not there."""
        row, _ = cls.objects.get_or_create(pk=1)
        return row
