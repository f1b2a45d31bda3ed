"""Addresses of the pages of models and versions."""

from django.urls import path

from registry import views

app_name = "registry"

urlpatterns = [
    path("", views.models, name="models"),
    path("<str:name>/", views.model, name="model"),
    path("<str:name>/versions/<str:version>/", views.version, name="version"),
]
