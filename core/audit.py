"""Writing audit entries: one function, called inside the transaction of the act."""

from typing import TYPE_CHECKING, Any

from core.context import origin
from core.models import AuditEntry

if TYPE_CHECKING:
    from accounts.models import User


def record(
    action: str,
    *,
    object: str,
    actor: "User | None",
    who: str = "portal",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write down that `actor` did `action` (a verb such as `deployed`) to `object`.

    Without an actor the portal itself acted, or who it was is told by `who`. Address, door and
    token come from `core.context`. Texts longer than their columns are cut.
    """
    where = origin()
    texts = {
        "who": actor.get_username() if actor else who,
        "door": where.door,
        "address": where.address,
        "token": where.token,
        "action": action,
        "object": object,
    }
    return AuditEntry.objects.create(
        actor=actor,
        **{column: _fitting(text, column) for column, text in texts.items()},
        before=before or {},
        after=after or {},
    )


def _fitting(text: str, column: str) -> str:
    """Return `text` as every database takes it: cut, without NUL and halves of surrogates."""
    plain = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
    lengths = {field.name: field.max_length for field in AuditEntry._meta.fields}
    return plain[: lengths[column]]
