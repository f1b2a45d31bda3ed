"""REST about access: who am I, and my API tokens."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import ApiToken
from accounts.permissions import principal_in, user_in
from accounts.policy import Act, allows
from accounts.services import create_token, revoke_token
from core.errors import ForbiddenError


class MeSerializer(serializers.Serializer[Any]):
    """Who asks and what they may."""

    username = serializers.CharField()
    role = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField(), allow_null=True)
    acts = serializers.ListField(child=serializers.CharField())


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """An API token without its secret."""

    status = serializers.CharField(read_only=True)
    scopes = serializers.ListField(child=serializers.CharField(max_length=250), max_length=50)

    class Meta:
        model = ApiToken
        fields: tuple[str, ...] = (
            *("id", "name", "hint", "scopes", "status", "created", "expires"),
            *("revoked", "last_used", "last_address"),
        )
        read_only_fields = ("id", "hint", "created", "revoked", "last_used", "last_address")


class NewTokenSerializer(TokenSerializer):
    """A new API token; `token` is the secret and is shown only in this answer."""

    token = serializers.CharField(read_only=True)

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "token")


class MeView(APIView):
    """Who am I, and what may I."""

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        """Return the person or program that asks."""
        who = principal_in(request)
        return Response(
            {
                "username": who.username,
                "role": who.role.value,
                "scopes": None if who.scopes is None else sorted(who.scopes),
                "acts": [act.value for act in Act if allows(who, act)],
            }
        )


class TokenViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[ApiToken],
):
    """My API tokens: list, create, revoke (DELETE)."""

    serializer_class = TokenSerializer
    queryset = ApiToken.objects.none()
    acts = {"create": Act.OWN_TOKENS, "destroy": Act.OWN_TOKENS}

    def get_queryset(self) -> Any:
        """Return the caller's own tokens."""
        return ApiToken.objects.filter(user=user_in(self.request))

    @extend_schema(request=TokenSerializer, responses={201: NewTokenSerializer})
    def create(self, request: Request) -> Response:
        """Create a token; a token itself may not, lest a leaked one outlive its revocation."""
        if principal_in(request).token_id is not None:
            raise ForbiddenError(
                "A token cannot make tokens.", hint="Log in and make it under Profile."
            )
        asked = TokenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        token, secret = create_token(
            user=user_in(request),
            name=asked.validated_data["name"],
            scopes=asked.validated_data["scopes"],
            expires=asked.validated_data.get("expires"),
            actor=user_in(request),
        )
        return Response({**TokenSerializer(token).data, "token": secret}, status=201)

    def perform_destroy(self, instance: ApiToken) -> None:
        """Revoke instead of deleting: its traces in logs keep their name."""
        revoke_token(token=instance, actor=user_in(self.request))
