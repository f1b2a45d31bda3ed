"""REST of the portal as a whole: health, settings, jobs and audit."""

from typing import Any

from django.db import Error as DatabaseFault
from django.db import connection
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import user_in
from accounts.policy import Act
from core import jobs as work
from core import selectors
from core.errors import NotFoundError
from core.jobs.kinds import title_of
from core.models import AuditEntry, Job
from mlopsportal.env import env


class HealthSerializer(serializers.Serializer[Any]):
    """Whether the portal and its database answer."""

    status = serializers.CharField()


class SettingSerializer(serializers.Serializer[Any]):
    """One setting; secrets are masked."""

    name = serializers.CharField()
    section = serializers.CharField()
    meaning = serializers.CharField()
    default = serializers.CharField()
    value = serializers.CharField(source="shown")
    given_by = serializers.CharField(source="source")


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job as clients see it."""

    title = serializers.SerializerMethodField()
    actor = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)

    class Meta:
        model = Job
        fields = (
            *("id", "kind", "title", "subject", "status", "trigger", "actor", "attempts"),
            *("created", "started", "finished", "result"),
            *("error", "error_code", "hint", "retry_of"),
        )
        read_only_fields = fields

    def get_title(self, row: Job) -> str:
        """Return how people call this kind of job."""
        return title_of(row.kind)


class AuditEntrySerializer(serializers.ModelSerializer[AuditEntry]):
    """Who did what."""

    class Meta:
        model = AuditEntry
        fields = (
            *("id", "time", "who", "door", "address", "token"),
            *("action", "object", "before", "after"),
        )
        read_only_fields = fields


class HealthView(APIView):
    """Whether the portal answers; open to all."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses={200: HealthSerializer, 503: HealthSerializer}, auth=[])
    def get(self, request: Request) -> Response:
        """Ask the database for one row."""
        del request
        try:
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
        except DatabaseFault:
            return Response({"status": "the database does not answer"}, status=503)
        return Response({"status": "ok"})


@extend_schema(exclude=True)
class NothingView(APIView):
    """Every address below REST's that is none: a refusal in REST's own form, not a page."""

    permission_classes = (AllowAny,)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse whatever the method.

        Raises:
            NotFoundError: always.
        """
        raise NotFoundError(
            f"There is nothing at {request.path[:200]}.", hint="/api/v1/docs lists every address."
        )


class SettingsView(APIView):
    """Every setting with its meaning, value and source."""

    acts = {"GET": Act.ADMINISTER}

    @extend_schema(responses=SettingSerializer(many=True))
    def get(self, request: Request) -> Response:
        """Return the settings."""
        del request
        return Response(SettingSerializer(list(env.registered.values()), many=True).data)


class JobViewSet(viewsets.ReadOnlyModelViewSet[Job]):
    """Background work: list, look, run again, cancel."""

    serializer_class = JobSerializer
    queryset = Job.objects.none()
    acts = {"retry": Act.DEPLOY, "cancel": Act.DEPLOY}

    def get_queryset(self) -> Any:
        """Return jobs, narrowed by `status`, `subject` and `kind`."""
        asked = self.request.query_params
        return selectors.jobs(
            status=asked.get("status", ""),
            subject=asked.get("subject", ""),
            kind=asked.get("kind", ""),
        )

    @extend_schema(responses={200: {"type": "array", "items": {"type": "object"}}})
    @action(detail=True, pagination_class=None, filter_backends=[])
    def lines(self, request: Request, pk: str) -> Response:
        """Return what the job wrote about its work."""
        del request, pk
        rows = selectors.lines(self.get_object())
        return Response([{"time": row.time, "text": row.text} for row in rows])

    @extend_schema(request=None, responses={201: JobSerializer})
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Run a failed or cancelled job again."""
        del pk
        row = work.retry(self.get_object(), actor=user_in(request))
        return Response(JobSerializer(row).data, status=201)

    @extend_schema(request=None, responses={200: JobSerializer})
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """End a job that has not ended."""
        del pk
        row = work.cancel(self.get_object(), actor=user_in(request))
        return Response(JobSerializer(row).data)


class AuditViewSet(viewsets.ReadOnlyModelViewSet[AuditEntry]):
    """Who did what, newest first; `object` narrows it."""

    serializer_class = AuditEntrySerializer
    queryset = AuditEntry.objects.none()
    acts = {"list": Act.ADMINISTER, "retrieve": Act.ADMINISTER}

    def get_queryset(self) -> Any:
        """Return audit entries."""
        return selectors.audit_entries(object=self.request.query_params.get("object", ""))
