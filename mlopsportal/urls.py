"""Every URL of the pages and of REST; `/models/`, `/v1/`, `/v2/` and `/mlflow/` are ASGI's."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from mlopsportal import views

urlpatterns = [
    path("", views.home, name="home"),
    path("jobs/", views.jobs, name="jobs"),
    path("jobs/<uuid:job_id>/", views.job, name="job"),
    path("jobs/<uuid:job_id>/progress/", views.job_progress, name="job-progress"),
    path("jobs/<uuid:job_id>/retry/", views.job_retry, name="job-retry"),
    path("jobs/<uuid:job_id>/cancel/", views.job_cancel, name="job-cancel"),
    path("audit/", views.audit, name="audit"),
    path("settings/", views.settings_list, name="settings"),
    path("", include("accounts.urls")),
    path("registry/", include("registry.urls")),
    path("deployments/", include("deployments.urls")),
    path("predictions/", include("gateway.urls")),
    path("", include("monitoring.urls")),
    path("api/v1/", include("mlopsportal.api_urls")),
    # The admin's own would change it without a trace.
    path("admin/password_change/", RedirectView.as_view(pattern_name="accounts:password")),
    path("admin/", admin.site.urls),
]
