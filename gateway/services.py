"""Writes of the gateway: truths that come later."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from core.errors import InvalidError
from gateway.models import Truth
from gateway.selectors import up_to_date
from gateway.stores import store

MOST_TRUTHS = 10_000


@dataclass(frozen=True, slots=True)
class GivenTruth:
    """What row `row` of the prediction (or request) `id` should have been."""

    id: str
    row: int
    value: Any


def give_truths(*, deployment: str, truths: Sequence[GivenTruth], given_by: str) -> int:
    """Keep truths, all or none; one that was given before is corrected. Return how many.

    Raises:
        InvalidError: an id is unknown, stands for several predictions, or a row does not exist;
            every fault is named by its place in the list.
    """
    if len(truths) > MOST_TRUTHS:
        raise InvalidError(f"{len(truths)} truths came at once; {MOST_TRUTHS} are allowed.")
    up_to_date()
    faults: dict[str, list[str]] = {}
    rows = []
    for place, truth in enumerate(truths):
        try:
            rows.append(_row(deployment, truth, given_by))
        except InvalidError as error:
            faults[str(place)] = [error.message]
    if faults:
        first = next(iter(faults.values()))[0]
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise InvalidError(
            f"{first}{more}", hint="None was kept; mend and send all.", fields=faults
        )
    # PostgreSQL refuses to touch a row twice in one statement; of two for one row the last counts.
    last = {(row.prediction, row.row): row for row in rows}
    with transaction.atomic(using=settings.PREDICTIONS_DATABASE):
        Truth.objects.bulk_create(
            last.values(),
            update_conflicts=True,
            unique_fields=["prediction", "row"],
            update_fields=["value", "given", "given_by"],
            batch_size=500,
        )
    return len(rows)


def _row(deployment: str, truth: GivenTruth, given_by: str) -> Truth:
    prediction_id = _prediction_id(deployment, truth.id)
    known = store().get(prediction_id)
    if known is None or known.deployment != deployment:
        raise InvalidError(f"{truth.id} is no prediction of {deployment!r}.")
    if truth.value is None:
        raise InvalidError(f"The truth of prediction {truth.id} has no value.")
    if not 0 <= truth.row < known.rows:
        raise InvalidError(f"Prediction {truth.id} has {known.rows} rows; there is no {truth.row}.")
    return Truth(
        prediction=prediction_id,
        row=truth.row,
        value=truth.value,
        given=timezone.now(),
        given_by=given_by,
    )


def _prediction_id(deployment: str, text: str) -> UUID:
    """Return the prediction that a prediction id or a caller's request id names."""
    try:
        candidate = UUID(text)
    except ValueError:
        candidate = None
    if candidate is not None and store().get(candidate) is not None:
        return candidate
    found = store().by_request(text, deployment=deployment)
    if not found:
        raise InvalidError(f"{text!r} is no prediction of {deployment!r}.")
    if len(found) > 1:
        raise InvalidError(
            f"Request id {text!r} stands for {len(found)} predictions; use the prediction id."
        )
    return found[0]
