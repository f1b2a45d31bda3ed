"""Truths that come late: joined to their predictions, all or none."""

import uuid

import pytest

from core.errors import InvalidError
from gateway import services
from gateway.models import Truth
from gateway.services import GivenTruth, give_truths
from tests.factories import a_prediction, a_record
from tests.gateway.conftest import Write

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def log(write: Write) -> Write:
    """Give each test a log of its own, which a truth looks into first."""
    return write


def _give(*truths: tuple[object, int, object], deployment: str = "wine") -> int:
    return give_truths(
        deployment=deployment,
        truths=[GivenTruth(str(key), row, value) for key, row, value in truths],
        given_by="olga",
    )


def _kept() -> list[tuple[uuid.UUID, int, object]]:
    return list(Truth.objects.values_list("prediction", "row", "value"))


def test_a_truth_is_given_by_prediction_or_request_id() -> None:
    one, two = a_prediction(rows=2), a_prediction(request_id="mine-1")
    assert _give((one.pk, 1, "good"), ("mine-1", 0, 7)) == 2
    assert sorted(_kept()) == sorted([(one.pk, 1, "good"), (two.pk, 0, 7)])
    assert Truth.objects.filter(given_by="olga").count() == 2


@pytest.mark.parametrize("value", [0, 1.5, "text", True, [1, 2], {"a": 1}])
def test_a_truth_may_be_any_value(value: object) -> None:
    row = a_prediction()
    _give((row.pk, 0, value))
    assert _kept() == [(row.pk, 0, value)]


def test_a_truth_without_a_value_is_none() -> None:
    row = a_prediction()
    with pytest.raises(InvalidError, match="has no value"):
        _give((row.pk, 0, None))


def test_a_truth_given_again_corrects_the_first() -> None:
    row = a_prediction()
    _give((row.pk, 0, 5))
    _give((row.pk, 0, 6))
    assert _kept() == [(row.pk, 0, 6)]


def test_of_one_given_twice_at_once_the_last_counts() -> None:
    row = a_prediction()
    _give((row.pk, 0, 5), (row.request_id, 0, 6))
    assert _kept() == [(row.pk, 0, 6)]


def test_a_truth_of_an_answer_of_this_moment_is_taken(write: Write) -> None:
    record = a_record()
    write(record)
    assert _give((record.id, 0, 1)) == 1


@pytest.mark.parametrize(
    ("key", "row", "words"),
    [
        ("00000000-0000-4000-8000-000000000000", 0, "is no prediction of 'wine'"),
        ("unknown", 0, "'unknown' is no prediction of 'wine'"),
        ("", 0, "'' is no prediction of 'wine'"),
        ("twice", 0, "Request id 'twice' stands for 2 predictions; use the prediction id"),
        ("other", 0, "'other' is no prediction of 'wine'"),
        ("once", 1, "has 1 rows; there is no 1"),
        ("once", -1, "there is no -1"),
    ],
)
def test_what_stands_for_no_row_is_refused_by_name_and_none_is_kept(
    key: str, row: int, words: str
) -> None:
    good = a_prediction(request_id="once")
    for _ in range(2):
        a_prediction(request_id="twice")
    a_prediction(request_id="other", deployment="beer")
    with pytest.raises(InvalidError) as caught:
        _give((good.pk, 0, 1), (key, row, 1))
    assert words in caught.value.message
    assert list(caught.value.fields) == ["1"], "the place in the list"
    assert _kept() == []


def test_the_prediction_of_another_deployment_is_none_of_this_one() -> None:
    row = a_prediction(deployment="beer")
    with pytest.raises(InvalidError, match="is no prediction of 'wine'"):
        _give((row.pk, 0, 1))


def test_every_fault_is_named_by_its_place() -> None:
    with pytest.raises(InvalidError, match=r"\(and 1 more\)") as caught:
        _give(("a", 0, 1), ("b", 0, 1))
    assert list(caught.value.fields) == ["0", "1"]


def test_too_many_at_once_are_refused_before_they_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "MOST_TRUTHS", 2)
    with pytest.raises(InvalidError, match="3 truths came at once; 2 are allowed"):
        _give(("a", 0, 1), ("b", 0, 1), ("c", 0, 1))
