"""REST of deployments: the same services as pages and commands."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import user_in
from accounts.policy import Act
from core.errors import InvalidError
from core.rest import JobAnswer, job_response, paged
from deployments import logs, selectors, services
from deployments.models import Deployment, DeploymentEvent, Release


class ReleaseSerializer(serializers.ModelSerializer[Release]):
    """One version put into service."""

    actor = serializers.SlugRelatedField[Any](slug_field="username", read_only=True)

    class Meta:
        model = Release
        fields = (
            *("number", "model_name", "version", "status", "reason", "actor", "created"),
            *("went_live", "ended", "error", "hint"),
        )
        read_only_fields = fields


class DeploymentSerializer(serializers.ModelSerializer[Deployment]):
    """A deployment: what is asked for and what serves."""

    status = serializers.SerializerMethodField()
    version = serializers.SerializerMethodField()
    model = serializers.CharField(source="model_name", read_only=True)
    target = ReleaseSerializer(read_only=True)
    url = serializers.SerializerMethodField()
    problem = serializers.SerializerMethodField()

    class Meta:
        model = Deployment
        fields = (
            *("name", "model", "alias", "status", "version", "public", "node", "problem", "url"),
            *("target", "created", "changed"),
        )
        read_only_fields = fields

    def get_status(self, row: Deployment) -> str:
        """Return the one word that says how it stands."""
        return selectors.status_of(row)

    def get_version(self, row: Deployment) -> str:
        """Return the version that answers now, or an empty text."""
        return row.current.version if row.current else ""

    def get_problem(self, row: Deployment) -> str:
        """Return what to do when the node that serves it is silent; empty when it is not."""
        return selectors.silence_of(row)

    def get_url(self, row: Deployment) -> str:
        """Return where predictions are asked for."""
        return selectors.invocations_url(row)


class DeployRequest(serializers.Serializer[Any]):
    """What to deploy; the name is the model's unless given."""

    model = serializers.CharField()
    version = serializers.CharField(required=False, default="")
    alias = serializers.CharField(required=False, default="")
    name = serializers.CharField(required=False, default="")


class ChangeRequest(serializers.Serializer[Any]):
    """What to change: the version (or the alias to follow), or whether it is public."""

    version = serializers.CharField(required=False, default="")
    alias = serializers.CharField(required=False, default="")
    public = serializers.BooleanField(required=False)


class EventSerializer(serializers.ModelSerializer[DeploymentEvent]):
    """A line of a deployment's log."""

    class Meta:
        model = DeploymentEvent
        fields = ("id", "time", "tone", "text")
        read_only_fields = fields


class DeploymentViewSet(viewsets.GenericViewSet[Deployment]):
    """What is served: list, deploy, change, restart, roll back, undeploy."""

    serializer_class = DeploymentSerializer
    queryset = Deployment.objects.none()
    lookup_field = "name"
    lookup_value_regex = "[^/]+"
    acts = {
        **dict.fromkeys(("create", "partial_update", "destroy"), Act.DEPLOY),
        **dict.fromkeys(("restart", "rollback"), Act.DEPLOY),
    }

    @extend_schema(responses=DeploymentSerializer(many=True))
    def list(self, request: Request) -> Response:
        """Return the deployments; `?all=1` with those that were undeployed."""
        rows = selectors.deployments(wanted_only="all" not in request.query_params)
        return paged(self, rows, DeploymentSerializer)

    @extend_schema(request=DeployRequest, responses={202: JobAnswer})
    def create(self, request: Request) -> Response:
        """Deploy a version; `?wait=60` waits until it is live or failed."""
        asked = DeployRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        _, job = services.deploy(**asked.validated_data, actor=user_in(request))
        return job_response(request, job)

    @extend_schema(responses=DeploymentSerializer)
    def retrieve(self, request: Request, name: str) -> Response:
        """Return one deployment."""
        del request
        return Response(DeploymentSerializer(selectors.deployment(name)).data)

    @extend_schema(request=ChangeRequest, responses={200: DeploymentSerializer, 202: JobAnswer})
    def partial_update(self, request: Request, name: str) -> Response:
        """Replace the version, follow an alias, or open the deployment to everybody."""
        asked = ChangeRequest(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = asked.validated_data
        row = selectors.deployment(name)
        if "public" in wanted:
            services.set_public(deployment=row, public=wanted["public"], actor=user_in(request))
        if wanted["version"] or wanted["alias"]:
            job = services.switch_version(
                deployment=row,
                version=wanted["version"],
                alias=wanted["alias"],
                actor=user_in(request),
            )
            return job_response(request, job)
        if "public" not in wanted:
            raise InvalidError("Nothing to change.", hint="Give version, alias or public.")
        return Response(DeploymentSerializer(selectors.deployment(name)).data)

    @extend_schema(responses={202: JobAnswer})
    def destroy(self, request: Request, name: str) -> Response:
        """Undeploy; history and predictions stay."""
        row = selectors.deployment(name)
        job = services.undeploy(deployment=row, actor=user_in(request))
        return job_response(request, job)

    @extend_schema(request=None, responses={202: JobAnswer})
    @action(detail=True, methods=["post"])
    def restart(self, request: Request, name: str) -> Response:
        """Start the present version anew, beside the running one."""
        row = selectors.deployment(name)
        return job_response(request, services.restart(deployment=row, actor=user_in(request)))

    @extend_schema(request=None, responses={202: JobAnswer})
    @action(detail=True, methods=["post"])
    def rollback(self, request: Request, name: str) -> Response:
        """Go back to the version before the present one."""
        row = selectors.deployment(name)
        return job_response(request, services.roll_back(deployment=row, actor=user_in(request)))

    @extend_schema(responses=EventSerializer(many=True))
    @action(detail=True)
    def events(self, request: Request, name: str) -> Response:
        """Return what happened, newest first."""
        del request
        return paged(self, selectors.events(selectors.deployment(name)), EventSerializer)

    @extend_schema(responses=ReleaseSerializer(many=True))
    @action(detail=True)
    def versions(self, request: Request, name: str) -> Response:
        """Return every release, newest first."""
        del request
        return paged(self, selectors.releases(selectors.deployment(name)), ReleaseSerializer)

    @extend_schema(responses={200: {"type": "object"}})
    @action(detail=True)
    def logs(self, request: Request, name: str) -> Response:
        """Return the last lines that the model server wrote."""
        del request
        return Response({"lines": logs.tail(selectors.deployment(name))})
