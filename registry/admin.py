"""Django's admin of models and versions, to read only: MLflow is where they change."""

from typing import TYPE_CHECKING

from django.contrib import admin

from core.admin import ReadOnly
from registry.models import ModelVersion, RegisteredModel, UploadedDataset

if TYPE_CHECKING:
    ModelAdminBase = admin.ModelAdmin[RegisteredModel]
    VersionAdminBase = admin.ModelAdmin[ModelVersion]
    DatasetAdminBase = admin.ModelAdmin[UploadedDataset]
else:  # not generic at run time
    ModelAdminBase = VersionAdminBase = DatasetAdminBase = admin.ModelAdmin


@admin.register(RegisteredModel)
class RegisteredModelAdmin(ReadOnly, ModelAdminBase):
    """Registered models."""

    list_display = ("name", "created", "updated", "gone")
    search_fields = ("name", "description")


@admin.register(ModelVersion)
class ModelVersionAdmin(ReadOnly, VersionAdminBase):
    """Versions with what was read of their files."""

    list_display = ("model", "version", "created", "read", "problem", "gone")
    list_select_related = ("model",)
    search_fields = ("model__name", "run_id")


@admin.register(UploadedDataset)
class UploadedDatasetAdmin(ReadOnly, DatasetAdminBase):
    """Training sets that people uploaded."""

    list_display = ("version", "file_name", "rows", "uploaded")
    list_select_related = ("version__model",)
