"""REST paths of predictions and truths."""

from django.urls import path

from gateway.api import PredictionsView, TruthsView

urlpatterns = [
    path("deployments/<str:name>/predictions", PredictionsView.as_view(), name="predictions"),
    path("deployments/<str:name>/truths", TruthsView.as_view(), name="truths"),
]
