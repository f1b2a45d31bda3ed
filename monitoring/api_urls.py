"""REST paths of metrics, reports and alarms."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from monitoring.api import (
    AlarmViewSet,
    MetricRecordView,
    MetricsView,
    MetricTypesView,
    OriginalMetricsView,
)
from monitoring.api_reports import (
    DegradationHtmlView,
    DegradationReportView,
    DegradationZipView,
    InitialHtmlView,
    InitialReportView,
    InitialZipView,
)

router = SimpleRouter(trailing_slash=False)
router.register("alarms", AlarmViewSet, basename="alarm")

_METRICS = "deployments/<str:name>/metrics"
_REPORTS = "deployments/<str:name>/reports"

urlpatterns = [
    path(_METRICS, MetricsView.as_view(), name="metrics"),
    path(f"{_METRICS}/original", OriginalMetricsView.as_view(), name="metrics-original"),
    path(f"{_METRICS}/types", MetricTypesView.as_view(), name="metrics-types"),
    path(f"{_METRICS}/<int:pk>", MetricRecordView.as_view(), name="metrics-record"),
    path(f"{_REPORTS}/initial", InitialReportView.as_view(), name="report-initial"),
    path(f"{_REPORTS}/initial.html", InitialHtmlView.as_view(), name="report-initial-html"),
    path(f"{_REPORTS}/initial.zip", InitialZipView.as_view(), name="report-initial-zip"),
    path(f"{_REPORTS}/degradation", DegradationReportView.as_view(), name="report"),
    path(f"{_REPORTS}/degradation.html", DegradationHtmlView.as_view(), name="report-html"),
    path(f"{_REPORTS}/degradation.zip", DegradationZipView.as_view(), name="report-zip"),
    *router.urls,
]
