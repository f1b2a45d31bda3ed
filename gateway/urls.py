"""Addresses of the pages of predictions."""

from django.urls import path

from gateway import views

app_name = "gateway"

urlpatterns = [
    path("", views.predictions, name="predictions"),
    path("<uuid:pk>/", views.prediction, name="prediction"),
    path("<uuid:pk>/truth/", views.give_truth, name="give-truth"),
]
