"""Every URL of the pages and of REST; `/models/`, `/v1/`, `/v2/` and `/mlflow/` are ASGI's."""

from django.contrib import admin
from django.urls import include, path

from mlopsportal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("", include("core.urls")),
    path("", include("accounts.urls")),
    path("registry/", include("registry.urls")),
    path("deployments/", include("deployments.urls")),
    path("predictions/", include("gateway.urls")),
    path("", include("monitoring.urls")),
    path("api/v1/", include("mlopsportal.api_urls")),
    path("admin/", admin.site.urls),
]
