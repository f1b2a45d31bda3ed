"""The policy table, compared with one written by hand."""

import pytest

from accounts.policy import (
    NARROWABLE,
    SCOPE_MEANINGS,
    SCOPES,
    Act,
    Principal,
    Role,
    allows,
    is_scope,
)

#                    administrator operator viewer
BY_HAND = """
    view             yes           yes      yes
    predict          yes           yes      yes
    register         yes           yes      no
    deploy           yes           yes      no
    monitor          yes           yes      no
    backfill         yes           yes      no
    own_tokens       yes           yes      yes
    administer       yes           no       no
"""

#                    view predict register deploy monitor backfill own_tokens administer
SCOPES_BY_HAND = """
    read             yes  no      no       no     no      no       no         no
    predict          no   yes     no       no     no      no       no         no
    register         yes  no      yes      no     no      no       no         no
    deploy           yes  no      no       yes    no      no       no         no
    monitor          yes  no      no       no     yes     no       no         no
    backfill         no   no      no       no     no      yes      no         no
    admin            yes  yes     yes      yes    yes     yes      yes        yes
"""


def _cells(table: str) -> dict[str, list[bool]]:
    rows = [line.split() for line in table.strip().splitlines()]
    return {row[0]: [cell == "yes" for cell in row[1:]] for row in rows}


def _somebody(role: Role, *scopes: str) -> Principal:
    lent = frozenset(scopes) if scopes else None
    return Principal(1, "somebody", role, lent, 1 if scopes else None)


def test_every_cell_of_the_table_is_as_written_by_hand() -> None:
    written = _cells(BY_HAND)
    assert set(written) == {act.value for act in Act}, "write every act into the table"
    found = {act.value: [allows(_somebody(role), act) for role in Role] for act in Act}
    assert found == written


def test_every_scope_lends_an_administrator_what_is_written_by_hand() -> None:
    written = _cells(SCOPES_BY_HAND)
    assert set(written) == set(SCOPES), "write every scope into the table"
    found = {
        scope: [allows(_somebody(Role.ADMINISTRATOR, scope), act) for act in Act]
        for scope in SCOPES
    }
    assert found == written


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("scope", list(SCOPES))
def test_no_scope_lends_more_than_the_role_of_its_owner(role: Role, scope: str) -> None:
    for act in Act:
        if allows(_somebody(role, scope), act):
            assert allows(_somebody(role), act), (role, scope, act)


def test_scopes_add_up_and_an_unknown_one_adds_nothing() -> None:
    somebody = _somebody(Role.OPERATOR, "read", "predict", "own_tokens", "")
    assert {act for act in Act if allows(somebody, act)} == {Act.VIEW, Act.PREDICT}


def test_a_token_without_scopes_may_nothing() -> None:
    nobody = Principal(1, "ada", Role.ADMINISTRATOR, frozenset(), 1)
    assert not any(allows(nobody, act) for act in Act)


@pytest.mark.parametrize("name", ["wine", "Wein für Ä", "a:b", "predict"])
def test_a_narrowed_scope_holds_for_that_name_alone(name: str) -> None:
    somebody = _somebody(Role.VIEWER, f"predict:{name}")
    assert allows(somebody, Act.PREDICT, of=name)
    for other in (f"{name}2", name[:-1], name.upper(), "", "*", None):
        if other != name:
            assert not allows(somebody, Act.PREDICT, of=other), other
    assert not allows(somebody, Act.VIEW, of=name)


def test_the_wide_scope_holds_for_every_name() -> None:
    assert allows(_somebody(Role.VIEWER, "predict"), Act.PREDICT, of="anything")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("read", True),
        ("predict:wine", True),
        ("predict:a:b", True),
        ("predict:", False),
        ("deploy:wine", False),
        ("admin:x", False),
        ("root", False),
        ("", False),
        ("READ", False),
    ],
)
def test_what_a_token_can_carry(text: str, known: bool) -> None:
    assert is_scope(text) is known


def test_every_scope_has_a_meaning_for_people() -> None:
    assert set(SCOPE_MEANINGS) == set(SCOPES)
    assert set(SCOPES) >= NARROWABLE


def test_logs_name_the_person_and_the_token() -> None:
    assert _somebody(Role.VIEWER).label == "somebody"
    assert Principal(1, "ada", Role.VIEWER, frozenset({"read"}), 7).label == "ada#7"
