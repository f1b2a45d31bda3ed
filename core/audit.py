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
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> AuditEntry:
    """Write down that `actor` did `action` (a verb such as `deployed`) to `object`.

    Without an actor the portal itself acted. Address, door and token come from `core.context`.
    """
    where = origin()
    return AuditEntry.objects.create(
        actor=actor,
        who=actor.get_username() if actor else "portal",
        door=where.door,
        address=where.address,
        token=where.token,
        action=action,
        object=object,
        before=before or {},
        after=after or {},
    )
