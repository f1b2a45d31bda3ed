"""REST of metrics and alarms."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import ReadOnlyModelViewSet

from accounts.permissions import principal_in, user_in
from accounts.policy import Act
from core.jobs import wait_for
from core.models import Job
from core.rest import JobAnswer, accepted, paged, wait_seconds
from deployments import selectors as deployments
from drift.metrics import METRIC_TYPES
from monitoring import selectors, services
from monitoring.errors import EvaluationFailed
from monitoring.models import Alarm, MetricRecord
from monitoring.serializers import (
    AlarmSerializer,
    LabelledSerializer,
    MetricRecordSerializer,
)

WAIT = OpenApiParameter("wait", float, description="Seconds to wait for the result, up to 60.")


class MetricsView(GenericAPIView[MetricRecord]):
    """The metrics of a deployment: their history, and labelled data for the live model."""

    serializer_class = MetricRecordSerializer
    queryset = MetricRecord.objects.none()
    acts = {"POST": Act.MONITOR}

    @extend_schema(responses=MetricRecordSerializer(many=True))
    def get(self, request: Request, name: str) -> Response:
        """Return every evaluation, newest first, the original one of each version included."""
        del request
        rows = selectors.metric_records(deployments.deployment(name))
        return paged(self, rows, MetricRecordSerializer)

    @extend_schema(
        parameters=[WAIT],
        request=LabelledSerializer,
        responses={201: MetricRecordSerializer, 202: JobAnswer},
    )
    def post(self, request: Request, name: str) -> Response:
        """Evaluate the live model on labelled data; `?wait=60` returns the record itself."""
        row = deployments.deployment(name)
        seconds = wait_seconds(request)
        job = services.request_evaluation(
            deployment=row,
            body=request.data,
            who=principal_in(request).label,
            actor=user_in(request),
        )
        wait_for(job, seconds=seconds)
        if job.status == Job.Status.FAILED:
            raise EvaluationFailed(job.error, hint=job.hint)
        if job.status != Job.Status.SUCCEEDED:
            return accepted(job)
        record = selectors.metric_record(row, job.result["metrics"])
        return Response(MetricRecordSerializer(record).data, status=201)


class OriginalMetricsView(APIView):
    """What the present version scored on its baseline."""

    @extend_schema(responses=MetricRecordSerializer)
    def get(self, request: Request, name: str) -> Response:
        """Return the base metrics."""
        del request
        record = selectors.original_metrics(deployments.deployment(name))
        return Response(MetricRecordSerializer(record).data)


class MetricRecordView(APIView):
    """One evaluation of the history."""

    @extend_schema(responses=MetricRecordSerializer)
    def get(self, request: Request, name: str, pk: int) -> Response:
        """Return one evaluation."""
        del request
        record = selectors.metric_record(deployments.deployment(name), pk)
        return Response(MetricRecordSerializer(record).data)


class MetricTypesView(APIView):
    """Every metric on offer."""

    @extend_schema(
        responses={200: {"type": "object", "additionalProperties": {"type": "object"}}},
        description="Every metric on offer: name → title, definition, tasks, needs.",
    )
    def get(self, request: Request, name: str) -> Response:
        """Return the definition of every metric by its name."""
        del request
        deployments.deployment(name)
        return Response(
            {
                metric.name: {
                    "title": metric.title,
                    "definition": metric.definition,
                    "tasks": sorted(metric.tasks),
                    "needs": metric.needs,
                    "greater_is_better": metric.greater_is_better,
                }
                for metric in METRIC_TYPES.values()
            }
        )


@extend_schema_view(
    list=extend_schema(
        parameters=[
            OpenApiParameter("status", str, enum=list(Alarm.Status.values)),
            OpenApiParameter("deployment", str),
        ]
    )
)
class AlarmViewSet(ReadOnlyModelViewSet[Alarm]):
    """Alarms: list, look, acknowledge, resolve."""

    serializer_class = AlarmSerializer
    queryset = Alarm.objects.none()
    acts = {"acknowledge": Act.MONITOR, "resolve": Act.MONITOR}

    def get_queryset(self) -> Any:
        """Return alarms, those that need somebody first; `status` and `deployment` narrow."""
        asked = self.request.query_params
        return selectors.alarms(
            status=asked.get("status", ""), deployment=asked.get("deployment", "")
        )

    @extend_schema(request=None, responses=AlarmSerializer)
    @action(detail=True, methods=["post"])
    def acknowledge(self, request: Request, pk: str) -> Response:
        """Note that somebody looks after the alarm."""
        del pk
        row = services.acknowledge(alarm=self.get_object(), actor=user_in(request))
        return Response(AlarmSerializer(row).data)

    @extend_schema(request=None, responses=AlarmSerializer)
    @action(detail=True, methods=["post"])
    def resolve(self, request: Request, pk: str) -> Response:
        """Close the alarm; it returns if a check finds its cause again."""
        del pk
        row = services.resolve(alarm=self.get_object(), actor=user_in(request))
        return Response(AlarmSerializer(row).data)
