"""Every REST path; paths have no trailing slash."""

from django.urls import include, path, re_path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from accounts.api import MeView, TokenViewSet
from deployments.api import DeploymentViewSet
from mlopsportal.api import (
    AuditViewSet,
    HealthView,
    JobViewSet,
    NothingView,
    SettingsView,
)
from registry.api import BaselineView, ModelViewSet, VersionView

app_name = "api"

router = SimpleRouter(trailing_slash=False)
router.register("tokens", TokenViewSet, basename="token")
router.register("models", ModelViewSet, basename="model")
router.register("deployments", DeploymentViewSet, basename="deployment")
router.register("jobs", JobViewSet, basename="job")
router.register("audit", AuditViewSet, basename="audit")

urlpatterns = [
    path("health", HealthView.as_view(), name="health"),
    path("me", MeView.as_view(), name="me"),
    path("settings", SettingsView.as_view(), name="settings"),
    path("models/<str:name>/versions/<str:version>", VersionView.as_view(), name="version"),
    path(
        "models/<str:name>/versions/<str:version>/baseline",
        BaselineView.as_view(),
        name="baseline",
    ),
    path("", include("gateway.api_urls")),
    path("", include("monitoring.api_urls")),
    path("schema", SpectacularAPIView.as_view(), name="schema"),
    path("docs", SpectacularSwaggerView.as_view(url_name="api:schema"), name="docs"),
    *router.urls,
    re_path("", NothingView.as_view()),
]
