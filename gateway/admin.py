"""Django's admin of predictions and truths, to read only: the log and REST write them."""

from typing import TYPE_CHECKING

from django.contrib import admin

from core.admin import ReadOnly
from gateway.models import LogPosition, Prediction, Truth

if TYPE_CHECKING:
    PredictionAdminBase = admin.ModelAdmin[Prediction]
    TruthAdminBase = admin.ModelAdmin[Truth]
    PositionAdminBase = admin.ModelAdmin[LogPosition]
else:  # not generic at run time
    PredictionAdminBase = TruthAdminBase = PositionAdminBase = admin.ModelAdmin


@admin.register(Prediction)
class PredictionAdmin(ReadOnly, PredictionAdminBase):
    """Predictions of the SQL store."""

    list_display = ("id", "time", "deployment", "version", "status", "rows", "caller")
    # Counting millions of rows twice for each page would take longer than reading it.
    show_full_result_count = False
    search_fields = ("=id", "=request_id")


@admin.register(Truth)
class TruthAdmin(ReadOnly, TruthAdminBase):
    """What rows of predictions should have been."""

    list_display = ("prediction", "row", "value", "given", "given_by")
    show_full_result_count = False
    search_fields = ("=prediction",)


@admin.register(LogPosition)
class LogPositionAdmin(ReadOnly, PositionAdminBase):
    """How far readers of the prediction log have come."""

    list_display = ("reader", "node", "slot", "position", "moved")
