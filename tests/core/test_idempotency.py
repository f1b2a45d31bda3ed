"""Keyed requests: begin, keep, replay, refuse."""

from datetime import timedelta

import pytest
from django.conf import LazySettings

from core import idempotency
from core.errors import ConflictError
from core.idempotency import ABANDONED, Keyed, Replay, StillRunning
from core.models import IdempotentRequest

pytestmark = pytest.mark.django_db

KEYED = Keyed(caller="user:1", key="k-1", fingerprint="a" * 64)
ANSWER = Replay(status=201, content_type="application/json", body=b'{"token": "mlp_secret"}')


def _answered(keyed: Keyed = KEYED, answer: Replay = ANSWER) -> None:
    assert idempotency.begin(keyed) is None
    idempotency.finish(
        keyed, status=answer.status, content_type=answer.content_type, body=answer.body
    )


def test_the_same_request_gets_the_same_answer() -> None:
    _answered()
    assert idempotency.begin(KEYED) == ANSWER
    assert idempotency.begin(KEYED) == ANSWER


def test_an_empty_answer_is_an_answer() -> None:
    _answered(answer=Replay(204, "", b""))
    assert idempotency.begin(KEYED) == Replay(204, "", b"")


def test_another_body_under_the_same_key_is_refused() -> None:
    _answered()
    with pytest.raises(ConflictError, match="'k-1' was used for another request"):
        idempotency.begin(Keyed("user:1", "k-1", "b" * 64))


def test_the_key_of_somebody_else_is_another_key() -> None:
    _answered()
    assert idempotency.begin(Keyed("user:2", "k-1", "a" * 64)) is None


def test_while_the_first_still_runs_its_retry_is_told_to_wait() -> None:
    assert idempotency.begin(KEYED) is None
    with pytest.raises(StillRunning, match="still being worked on"):
        idempotency.begin(KEYED)


def test_a_request_whose_process_was_killed_gives_its_place_to_a_retry_once() -> None:
    assert idempotency.begin(KEYED) is None
    row = IdempotentRequest.objects.get()
    row.created -= ABANDONED + timedelta(seconds=1)
    row.save()
    assert idempotency.begin(KEYED) is None
    with pytest.raises(StillRunning):
        idempotency.begin(KEYED)


@pytest.mark.parametrize("status", [500, 503, 401, 403, 409, 429])
def test_an_answer_that_may_be_another_next_time_is_not_kept(status: int) -> None:
    _answered(answer=Replay(status, "application/json", b"{}"))
    assert idempotency.begin(KEYED) is None


@pytest.mark.parametrize("status", [200, 201, 202, 400, 404, 422])
def test_an_answer_that_would_be_the_same_is_kept(status: int) -> None:
    answer = Replay(status, "application/json", b"{}")
    _answered(answer=answer)
    assert idempotency.begin(KEYED) == answer


def test_a_dump_of_the_database_gives_away_neither_key_nor_answer() -> None:
    _answered()
    row = IdempotentRequest.objects.get()
    stored = f"{row.caller} {row.key} {row.fingerprint}".encode() + bytes(row.answer or b"")
    assert b"mlp_secret" not in stored
    assert b"k-1" not in stored


def test_an_answer_sealed_with_a_former_secret_key_is_refused_with_a_sentence(
    settings: LazySettings,
) -> None:
    _answered()
    settings.SECRET_KEY = "another" * 10
    with pytest.raises(ConflictError, match="cannot be read any more"):
        idempotency.begin(KEYED)
