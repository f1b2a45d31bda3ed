"""Audit entries: who, what, from where, in the transaction of the act."""

import pytest
from django.db import transaction

from accounts.models import User
from accounts.services import create_token
from core import audit
from core.context import Origin, acting_from, carry_token, origin
from core.models import AuditEntry

pytestmark = pytest.mark.django_db


def test_an_entry_names_actor_door_address_and_what_changed(olga: User) -> None:
    with acting_from(Origin(door="rest", address="10.0.0.7", token="ci")):
        audit.record("deployed", object="deployment:wine", actor=olga, after={"version": "2"})
    entry = AuditEntry.objects.get(action="deployed")
    assert (entry.actor, entry.who, entry.object) == (olga, "olga", "deployment:wine")
    assert (entry.door, entry.address, entry.token) == ("rest", "10.0.0.7", "ci")
    assert (entry.before, entry.after) == ({}, {"version": "2"})


def test_what_nobody_asked_for_was_done_by_the_portal() -> None:
    assert audit.record("cleaned", object="jobs", actor=None).who == "portal"


def test_the_name_stays_when_the_person_is_gone(olga: User) -> None:
    audit.record("deployed", object="deployment:wine", actor=olga)
    olga.delete()
    entry = AuditEntry.objects.get(action="deployed")
    assert (entry.actor, entry.who) == (None, "olga")


def test_an_act_that_is_rolled_back_leaves_no_entry(olga: User) -> None:
    before = AuditEntry.objects.count()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        create_token(user=olga, name="ci", scopes=["read"], actor=olga)
        raise ZeroDivisionError
    assert AuditEntry.objects.count() == before


def test_the_origin_ends_with_its_block() -> None:
    assert origin().door == "command"
    with acting_from(Origin(door="page")):
        with acting_from(Origin(door="job")):
            assert origin().door == "job"
        assert origin().door == "page"
    assert origin().door == "command"


def test_texts_are_cut_to_their_columns_and_every_database_takes_them() -> None:
    long = "\0\udc80" + "x" * 999
    with acting_from(Origin(door=long, address=long, token=long)):
        audit.record(long, object=long, who=long, actor=None)
    entry = AuditEntry.objects.get()
    texts = (entry.door, entry.address, entry.token, entry.action, entry.object, entry.who)
    assert [len(text) for text in texts] == [20, 64, 100, 80, 400, 200]
    assert {text[:3] for text in texts} == {"\ufffd?x"}


def test_a_token_is_carried_within_its_block_alone() -> None:
    carry_token("nobody's")
    assert origin().token == ""
    with acting_from(Origin(door="rest", address="10.0.0.7")):
        carry_token("#7 ci")
        assert origin() == Origin(door="rest", address="10.0.0.7", token="#7 ci")
    assert origin().token == ""
