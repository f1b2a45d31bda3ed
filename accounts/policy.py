"""The one policy table: which role may do which act, and which scope lends a token which act.

Every page, REST path, command and the gateway ask here, by `allows`. An act on a named object is
narrowed by scopes such as `predict:wine`.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a person may do, from everything to looking."""

    ADMINISTRATOR = "administrator"
    OPERATOR = "operator"
    VIEWER = "viewer"


class Act(StrEnum):
    """What can be allowed or refused."""

    VIEW = "view"
    PREDICT = "predict"
    REGISTER = "register"
    DEPLOY = "deploy"
    MONITOR = "monitor"
    BACKFILL = "backfill"
    OWN_TOKENS = "own_tokens"
    ADMINISTER = "administer"


_EVERYBODY: Final = frozenset(Role)
_OPERATORS: Final = frozenset({Role.ADMINISTRATOR, Role.OPERATOR})
_ADMINISTRATORS: Final = frozenset({Role.ADMINISTRATOR})

POLICY: Final[dict[Act, frozenset[Role]]] = {
    Act.VIEW: _EVERYBODY,
    Act.PREDICT: _EVERYBODY,
    Act.REGISTER: _OPERATORS,
    Act.DEPLOY: _OPERATORS,
    Act.MONITOR: _OPERATORS,
    Act.BACKFILL: _OPERATORS,
    Act.OWN_TOKENS: _EVERYBODY,
    Act.ADMINISTER: _ADMINISTRATORS,
}

SCOPES: Final[dict[str, frozenset[Act]]] = {
    "read": frozenset({Act.VIEW}),
    "predict": frozenset({Act.PREDICT}),
    "register": frozenset({Act.VIEW, Act.REGISTER}),
    "deploy": frozenset({Act.VIEW, Act.DEPLOY}),
    "monitor": frozenset({Act.VIEW, Act.MONITOR}),
    "backfill": frozenset({Act.BACKFILL}),
    "admin": frozenset(Act),
}
"""What a token may do at most; what its owner's role does not allow stays refused."""

SCOPE_MEANINGS: Final[dict[str, str]] = {
    "read": "See everything that its owner sees, by REST, and read from MLflow.",
    "predict": "Ask any deployment for predictions; predict:NAME asks only that one.",
    "register": "Write to MLflow: runs, artifacts, models and versions.",
    "deploy": "Deploy, change, restart and remove deployments.",
    "monitor": "Upload baselines, post true values, run checks and reports.",
    "backfill": "Send predictions of the past with their own time (header X-Portal-Time).",
    "admin": "Everything that its owner may do.",
}
NARROWABLE: Final = frozenset({"predict"})


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: a person with a role, by session (`scopes` is None) or by a token's scopes."""

    user_id: int
    username: str
    role: Role
    scopes: frozenset[str] | None = None
    token_id: int | None = None
    token_name: str = ""

    @property
    def label(self) -> str:
        """Who this is in logs: the person, or the person's token."""
        return self.username if self.token_id is None else f"{self.username}#{self.token_id}"

    @property
    def token_label(self) -> str:
        """Which token this is in the audit; empty for a person."""
        return "" if self.token_id is None else f"#{self.token_id} {self.token_name}".rstrip()


def allows(principal: Principal, act: Act, *, of: str | None = None) -> bool:
    """Say whether `principal` may do `act`, on the object called `of` where there is one."""
    if principal.role not in POLICY[act]:
        return False
    if principal.scopes is None:
        return True
    return any(_lends(scope, act, of=of) for scope in principal.scopes)


def is_scope(text: str) -> bool:
    """Say whether `text` is a scope that a token can carry."""
    name, colon, narrowed = text.partition(":")
    if not colon:
        return name in SCOPES
    return name in NARROWABLE and bool(narrowed)


def _lends(scope: str, act: Act, *, of: str | None) -> bool:
    name, colon, narrowed = scope.partition(":")
    if act not in SCOPES.get(name, frozenset()):
        return False
    return not colon or narrowed == of
