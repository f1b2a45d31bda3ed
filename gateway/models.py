"""Rows of the SQL store of predictions, and of what comes to them later."""

from django.db import models
from django.utils import timezone


class Prediction(models.Model):
    """One request that a model answered (or refused), as the log had it.

    `inputs` and `outputs` are JSON texts, kept as such so that every digit stays as it was sent:
    inputs `{"columns": […], "data": [[…], …]}` for tables, `{"raw": …}` for what is no table;
    outputs a list with one entry per row, or whatever the model answered.
    """

    id = models.UUIDField(primary_key=True)
    time = models.DateTimeField()
    deployment = models.CharField(max_length=200)
    model = models.CharField(max_length=256)
    version = models.CharField(max_length=20)
    request_id = models.CharField(max_length=200)
    caller = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    rows = models.PositiveIntegerField(default=0)
    inputs = models.TextField()
    outputs = models.TextField()
    findings = models.JSONField(default=list)
    model_ms = models.FloatField()
    total_ms = models.FloatField()
    traceparent = models.CharField(max_length=100, blank=True)
    backfilled = models.BooleanField(default=False)

    class Meta:
        ordering = ["-time", "-id"]
        indexes = [
            models.Index(fields=["deployment", "time"], name="gateway_prediction_time"),
            models.Index(fields=["time"], name="gateway_prediction_any_time"),
            models.Index(fields=["request_id"], name="gateway_prediction_request"),
        ]

    def __str__(self) -> str:
        return f"prediction {self.pk}"


class RequestCount(models.Model):
    """How many requests to a deployment one clock hour had, by latency and whether they failed.

    `step` is the latency on the scale of `deployments.traffic`; `failed` is a status of 500 on.
    """

    deployment = models.CharField(max_length=200)
    hour = models.DateTimeField()
    step = models.IntegerField()
    failed = models.BooleanField()
    count = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["deployment", "hour", "step", "failed"], name="gateway_count_of_hour"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.count} requests to {self.deployment} in the hour of {self.hour}"


class Truth(models.Model):
    """What a row of a prediction should have been, known later; the newest value counts."""

    prediction = models.UUIDField()
    row = models.PositiveIntegerField(default=0)
    value = models.JSONField()
    given = models.DateTimeField(default=timezone.now)
    given_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["prediction", "row"]
        constraints = [
            models.UniqueConstraint(fields=["prediction", "row"], name="gateway_truth_of_row"),
        ]

    def __str__(self) -> str:
        return f"truth of {self.prediction} row {self.row}"


class LogPosition(models.Model):
    """How far a reader of the prediction log has come in one writer's slot on one node."""

    reader = models.CharField(max_length=40)
    node = models.CharField(max_length=100)
    slot = models.PositiveIntegerField()
    position = models.CharField(max_length=60)
    moved = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["reader", "node", "slot"], name="gateway_position_of_reader"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reader} on {self.node} at {self.position}"
