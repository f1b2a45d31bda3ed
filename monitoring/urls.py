"""Addresses of the pages of drift and alarms."""

from django.urls import path

from monitoring import views

app_name = "monitoring"

urlpatterns = [
    path("drift/", views.drift, name="drift"),
    path("drift/checks/<int:pk>/", views.check, name="check"),
    path("drift/checks/<int:pk>/column/", views.column, name="column"),
    path("drift/checks/<int:pk>/report.html", views.check_html, name="check-html"),
    path("drift/checks/<int:pk>/report.json", views.check_json, name="check-json"),
    path("drift/checks/<int:pk>/report.zip", views.check_zip, name="check-zip"),
    path("drift/<str:name>/", views.deployment, name="deployment"),
    path("drift/<str:name>/run/", views.run, name="run"),
    path("drift/<str:name>/initial/", views.initial, name="initial"),
    path("drift/<str:name>/initial/rebuild/", views.rebuild, name="rebuild"),
    path("drift/<str:name>/initial/report.html", views.initial_html, name="initial-html"),
    path("drift/<str:name>/initial/report.json", views.initial_json, name="initial-json"),
    path("drift/<str:name>/initial/report.zip", views.initial_zip, name="initial-zip"),
    path("drift/<str:name>/metrics/", views.metrics, name="metrics"),
    path("alarms/", views.alarms, name="alarms"),
    path("alarms/<int:pk>/", views.alarm, name="alarm"),
    path("alarms/<int:pk>/acknowledge/", views.acknowledge, name="acknowledge"),
    path("alarms/<int:pk>/resolve/", views.resolve, name="resolve"),
]
