"""REST of the portal as a whole: health and settings."""

from typing import Any

from django.db import Error as DatabaseFault
from django.db import connection
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policy import Act
from core.errors import NotFoundError
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
