"""Django's admin of what is served, to read only: the services and the node agent write it."""

from typing import TYPE_CHECKING

from django.contrib import admin

from core.admin import ReadOnly
from deployments.models import Deployment, Environment, ModelServer, Node, Release

if TYPE_CHECKING:
    DeploymentAdminBase = admin.ModelAdmin[Deployment]
    EnvironmentAdminBase = admin.ModelAdmin[Environment]
    NodeAdminBase = admin.ModelAdmin[Node]
    ReleaseAdminBase = admin.ModelAdmin[Release]
    ServerAdminBase = admin.ModelAdmin[ModelServer]
else:  # not generic at run time
    DeploymentAdminBase = EnvironmentAdminBase = NodeAdminBase = admin.ModelAdmin
    ReleaseAdminBase = ServerAdminBase = admin.ModelAdmin


@admin.register(Deployment)
class DeploymentAdmin(ReadOnly, DeploymentAdminBase):
    """Names under which models answer."""

    list_display = ("name", "model_name", "alias", "node", "public", "wanted", "changed")
    list_filter = ("wanted", "public", "node")
    search_fields = ("name", "model_name")


@admin.register(Release)
class ReleaseAdmin(ReadOnly, ReleaseAdminBase):
    """Versions put into service."""

    list_display = ("deployment", "number", "version", "status", "reason", "actor", "created")
    list_filter = ("status",)
    list_select_related = ("deployment", "actor")
    search_fields = ("deployment__name", "error")


@admin.register(ModelServer)
class ModelServerAdmin(ReadOnly, ServerAdminBase):
    """Processes that serve models."""

    list_display = ("pk", "release", "node", "status", "restarts", "started", "live_since")
    list_filter = ("status", "node")
    list_select_related = ("release",)


@admin.register(Environment)
class EnvironmentAdmin(ReadOnly, EnvironmentAdminBase):
    """Virtual environments of models."""

    list_display = ("digest", "node", "python_version", "status", "size", "seconds", "last_used")
    list_filter = ("status", "node")


@admin.register(Node)
class NodeAdmin(ReadOnly, NodeAdminBase):
    """Machines that serve models."""

    list_display = ("name", "seen")
