"""REST of predictions and truths."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.permissions import principal_in
from accounts.policy import Act
from core import timerange
from core.errors import InvalidError
from deployments import selectors as deployments
from gateway import exports
from gateway.filters import ANSWERS, query_of
from gateway.services import GivenTruth, give_truths

RANGE_PARAMETERS = [
    OpenApiParameter("window", str, enum=list(timerange.WINDOWS)),
    OpenApiParameter("from", OpenApiTypes.DATETIME),
    OpenApiParameter("to", OpenApiTypes.DATETIME),
    OpenApiParameter("tz", str, description="Zone of times without an offset; default UTC."),
]


class TruthSerializer(serializers.Serializer[Any]):
    """What a row of a prediction should have been."""

    id = serializers.CharField(help_text="The prediction's id, or your own request id.")
    row = serializers.IntegerField(default=0, min_value=0)
    value = serializers.JSONField()


class TruthsAnswer(serializers.Serializer[Any]):
    """How many truths were kept."""

    kept = serializers.IntegerField()


class PredictionsView(APIView):
    """The predictions of a deployment over a stretch of time, streamed."""

    @extend_schema(
        parameters=[
            *RANGE_PARAMETERS,
            OpenApiParameter("version", str),
            OpenApiParameter("status", str, enum=list(ANSWERS), description="2xx, 4xx, 5xx."),
            OpenApiParameter("search", str, description="A prediction or request id, of any time."),
            OpenApiParameter("format", str, enum=list(exports.CONTENT_TYPES)),
        ],
        responses={200: {"type": "array", "items": {"type": "object"}}},
    )
    def get(self, request: Request, name: str) -> StreamingHttpResponse:
        """Return every prediction that is asked for, oldest first, right up to this moment."""
        row = deployments.deployment(name)
        asked = request.query_params
        query = query_of(asked, deployment=row.name)
        form = asked.get("format") or "json"
        chunks = exports.export(query, form=form, columns=deployments.signature_inputs(row))
        return StreamingHttpResponse(
            exports.in_threads(chunks),
            content_type=exports.CONTENT_TYPES[form],
            headers={"Content-Disposition": f'attachment; filename="predictions.{form}"'},
        )


class TruthsView(APIView):
    """Late truths, joined to predictions."""

    acts = {"POST": Act.MONITOR}

    @extend_schema(request=TruthSerializer(many=True), responses={201: TruthsAnswer})
    def post(self, request: Request, name: str) -> Response:
        """Keep truths for rows of predictions; all or none."""
        row = deployments.deployment(name)
        if not isinstance(request.data, list) or not request.data:
            raise InvalidError('Send a list such as [{"id": "…", "row": 0, "value": 1}].')
        asked = TruthSerializer(data=request.data, many=True)
        asked.is_valid(raise_exception=True)
        truths = [GivenTruth(**entry) for entry in asked.validated_data]
        who = principal_in(request).label
        kept = give_truths(deployment=row.name, truths=truths, given_by=who)
        return Response({"kept": kept}, status=201)
