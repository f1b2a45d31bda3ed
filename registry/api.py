"""REST of models and versions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import user_in
from accounts.policy import Act
from core.errors import InvalidError
from core.rest import paged
from registry import selectors, services
from registry.models import ModelVersion, RegisteredModel, UploadedDataset


class VersionSerializer(serializers.ModelSerializer[ModelVersion]):
    """A version with what its files and run say."""

    model = serializers.CharField(source="model.name", read_only=True)
    aliases = serializers.ListField(child=serializers.CharField(), read_only=True)
    requirements = serializers.CharField(read_only=True)
    inputs = serializers.ListField(child=serializers.DictField(), read_only=True)
    outputs = serializers.ListField(child=serializers.DictField(), read_only=True)
    size = serializers.IntegerField(read_only=True, allow_null=True)
    baseline = serializers.SerializerMethodField()

    class Meta:
        model = ModelVersion
        fields = (
            *("model", "version", "aliases", "description", "tags", "created", "run_id"),
            *("source", "requirements", "inputs", "outputs", "metrics", "params", "size"),
            *("baseline", "problem"),
        )
        read_only_fields = fields

    def get_baseline(self, row: ModelVersion) -> str:
        """Return where the training set comes from, or an empty text."""
        if row.baseline:
            return str(row.baseline["label"])
        upload = getattr(row, "upload", None)
        return f"{upload.file_name}, uploaded" if upload else ""


class ModelSerializer(serializers.ModelSerializer[RegisteredModel]):
    """A registered model."""

    versions = serializers.SerializerMethodField()

    class Meta:
        model = RegisteredModel
        fields = ("name", "description", "tags", "aliases", "created", "updated", "versions")
        read_only_fields = fields

    def get_versions(self, row: RegisteredModel) -> list[str]:
        """Return the version numbers, newest first."""
        return [version.version for version in getattr(row, "present_versions", [])]


class DatasetSerializer(serializers.ModelSerializer[UploadedDataset]):
    """An uploaded training set."""

    class Meta:
        model = UploadedDataset
        fields = ("file_name", "rows", "columns", "uploaded")
        read_only_fields = fields


class ModelViewSet(viewsets.ReadOnlyModelViewSet[RegisteredModel]):
    """Registered models of MLflow."""

    serializer_class = ModelSerializer
    queryset = RegisteredModel.objects.none()
    lookup_field = "name"
    lookup_value_regex = "[^/]+"

    def get_queryset(self) -> Any:
        """Return the models that MLflow has now."""
        return selectors.models()

    @extend_schema(responses=VersionSerializer(many=True))
    @action(detail=True)
    def versions(self, request: Request, name: str) -> Response:
        """Return the versions of a model, newest first."""
        del request
        return paged(self, selectors.versions(selectors.model(name).name), VersionSerializer)


class VersionView(APIView):
    """One version of a model."""

    @extend_schema(responses=VersionSerializer)
    def get(self, request: Request, name: str, version: str) -> Response:
        """Return requirements, signature, metrics, run, size and baseline of the version."""
        del request
        return Response(VersionSerializer(selectors.version(name, version)).data)


class BaselineView(APIView):
    """The training set of a version that brought none."""

    acts = {"POST": Act.MONITOR}
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}},
                "required": ["file"],
            }
        },
        responses={201: DatasetSerializer},
    )
    def post(self, request: Request, name: str, version: str) -> Response:
        """Upload a CSV or Parquet file as the training set."""
        file = request.FILES.get("file")
        if file is None:
            raise InvalidError("The form field `file` is missing.", fields={"file": ["required"]})
        row = services.upload_dataset(
            version=selectors.version(name, version),
            file=file,
            file_name=file.name or "",
            actor=user_in(request),
        )
        return Response(DatasetSerializer(row).data, status=201)
