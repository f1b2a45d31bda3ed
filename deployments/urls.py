"""Addresses of the pages of deployments; a name holds no slash, so what follows it is an act."""

from django.urls import path

from deployments import views

app_name = "deployments"

urlpatterns = [
    path("", views.deployments, name="deployments"),
    path("new/", views.new, name="new"),
    path("<str:name>/", views.deployment, name="deployment"),
    path("<str:name>/live/", views.live, name="live"),
    path("<str:name>/events/", views.events, name="events"),
    path("<str:name>/replace/", views.replace, name="replace"),
    path("<str:name>/restart/", views.restart, name="restart"),
    path("<str:name>/roll-back/", views.roll_back, name="roll-back"),
    path("<str:name>/undeploy/", views.undeploy, name="undeploy"),
    path("<str:name>/public/", views.public, name="public"),
]
