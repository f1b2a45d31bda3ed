"""What should be served: every change is a new release, or the end of all of them."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils import timezone

from core import audit, jobs
from core.errors import ConflictError, InvalidError, NotFoundError
from core.jobs.kinds import node_queue
from core.models import Job, Revision
from deployments import selectors
from deployments.models import Deployment, Release
from deployments.services.events import ROUTES, note
from deployments.services.nodes import move_from_silent_node
from registry import selectors as registry
from registry.models import ModelVersion

if TYPE_CHECKING:
    from accounts.models import User

ROLLOUT = "deployments.rollout"
UNDEPLOY = "deployments.undeploy"
MEND = "deployments.mend"


@transaction.atomic
def deploy(
    *,
    model: str,
    version: str = "",
    alias: str = "",
    name: str = "",
    actor: "User | None",
) -> tuple[Deployment, Job]:
    """Ask for a version (or what an alias stands for) to be served under `name`.

    The name is the model's unless given; a name that was undeployed is taken up again.

    Raises:
        InvalidError: neither or both of version and alias, or a name that cannot be used.
        NotFoundError: there is no such model, version or alias.
        ConflictError: the name serves already.
    """
    found = _resolve(model, version=version, alias=alias)
    row = Deployment.objects.select_for_update(no_key=True).filter(name=name or model).first()
    if row is not None and row.wanted:
        raise ConflictError(
            f"{row.name} is deployed already.",
            hint="Replace its version instead (PATCH), or choose another name.",
        )
    if row is None:
        row = Deployment(name=name or model, node=settings.NODE)
    else:
        move_from_silent_node(row)
    row.model_name, row.alias, row.wanted = model, alias, True
    try:
        # Whether the name is free is the database's to say: only its answer holds under a race.
        row.full_clean(exclude=["target", "current"], validate_unique=False)
    except ValidationError as error:
        raise InvalidError(
            " ".join(error.messages), fields={"name": list(error.messages)}
        ) from error
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        raise ConflictError(
            f"{row.name} is being deployed by somebody else at this moment.",
            hint="Look at its page, and replace its version if need be.",
        ) from error
    job = _release(row, found, actor=actor, reason="deployed")
    return row, job


@transaction.atomic
def switch_version(
    *,
    deployment: Deployment,
    version: str = "",
    alias: str = "",
    actor: "User | None",
    reason: str = "version replaced",
    trigger: str = Job.Trigger.USER,
) -> Job:
    """Ask for another version of the deployment's model; the present one serves until then.

    Raises:
        InvalidError: neither or both of version and alias.
        NotFoundError: there is no such version or alias.
        ConflictError: the deployment is not served at all.
    """
    row = _locked(deployment)
    found = _resolve(row.model_name, version=version, alias=alias)
    row.alias = alias
    row.save(update_fields=["alias"])
    return _release(row, found, actor=actor, reason=reason, trigger=trigger)


@transaction.atomic
def restart(*, deployment: Deployment, actor: "User | None") -> Job:
    """Put the version that is served into service anew, beside the running one."""
    row = _locked(deployment)
    release = row.current or row.target
    if release is None:
        raise ConflictError(f"{row.name} has no version to start again.")
    found = registry.version(release.model_name, release.version)
    return _release(row, found, actor=actor, reason="restarted")


@transaction.atomic
def roll_back(*, deployment: Deployment, actor: "User | None") -> Job:
    """Go back to the version that served before the present one.

    The deployment stops following an alias: it would bring the newer version back at once.

    Raises:
        NotFoundError: no other version has ever been live here.
    """
    row = _locked(deployment)
    previous = selectors.previous(row)
    if previous is None:
        raise NotFoundError(f"{row.name} has never served another version.", permanent=True)
    found = registry.version(previous.model_name, previous.version)
    row.alias = ""
    row.save(update_fields=["alias"])
    return _release(row, found, actor=actor, reason="rolled back")


@transaction.atomic
def undeploy(*, deployment: Deployment, actor: "User | None") -> Job:
    """Ask for the deployment to be served no more; history and predictions stay.

    Raises:
        ConflictError: it is not served.
    """
    row = _locked(deployment)
    row.wanted, row.target, row.changed = False, None, timezone.now()
    row.save(update_fields=["wanted", "target", "changed"])
    Revision.bump(ROUTES)
    note(row, "Undeploy was asked for.", tone="busy")
    audit.record("undeployed", object=row.subject, actor=actor)
    return jobs.enqueue(
        UNDEPLOY,
        subject=row.subject,
        arguments={"deployment": row.pk},
        actor=actor,
        queue=node_queue(row.node),
    )


@transaction.atomic
def set_public(*, deployment: Deployment, public: bool, actor: "User | None") -> Deployment:
    """Let everybody ask the deployment without a token, or end that."""
    row = Deployment.objects.select_for_update(no_key=True).get(pk=deployment.pk)
    before = row.public
    deployment.public = public
    deployment.save(update_fields=["public"])
    Revision.bump(ROUTES)
    audit.record(
        "opened to everybody" if public else "closed to strangers",
        object=deployment.subject,
        actor=actor,
        before={"public": before},
        after={"public": public},
    )
    return deployment


def follow_aliases() -> list[Job]:
    """Release the version that an alias has moved to, for this node's deployments that follow one.

    Those of other nodes are followed by their own agents.
    """
    mine = Deployment.objects.filter(node=settings.NODE, wanted=True).exclude(alias="")
    found = [_follow(row) for row in mine.select_related("target") if _moved(row) is not None]
    return [job for job in found if job is not None]


def _moved(row: Deployment) -> ModelVersion | None:
    """Return the version that the alias of `row` has moved to, or None if it has not."""
    try:
        found = registry.resolve(row.model_name, version_or_alias=row.alias, is_alias=True)
    except NotFoundError:
        # The alias is gone: what serves goes on serving until somebody decides otherwise.
        return None
    return found if row.target is not None and row.target.version != found.version else None


@transaction.atomic
def _follow(deployment: Deployment) -> Job | None:
    """Release what the alias has moved to, unless something else was decided meanwhile."""
    try:
        row = _locked(deployment)
    except ConflictError:
        # Undeployed in this moment: there is nothing to follow any more.
        return None
    # A person may have rolled back or replaced the version since `row` was read: that holds.
    found = _moved(row) if row.alias == deployment.alias else None
    if found is None:
        return None
    reason = f"alias {row.alias} moved"
    return _release(row, found, actor=None, reason=reason, trigger=Job.Trigger.SYSTEM)


def _release(
    row: Deployment,
    found: ModelVersion,
    *,
    actor: "User | None",
    reason: str,
    trigger: str = Job.Trigger.USER,
) -> Job:
    """Write the release of `found`, make it the target, and the job that brings it live."""
    last = row.releases.aggregate(last=Max("number"))["last"] or 0
    release = Release.objects.create(
        deployment=row,
        number=last + 1,
        model_name=found.model.name,
        version=found.version,
        reason=reason,
        actor=actor,
    )
    before = row.target.version if row.target else None
    row.target, row.changed = release, timezone.now()
    row.save(update_fields=["target", "changed"])
    note(row, f"Version {found.version} was asked for ({reason}).", release=release, tone="busy")
    audit.record(
        reason,
        object=row.subject,
        actor=actor,
        before={"version": before} if before else {},
        after={"model": found.model.name, "version": found.version},
    )
    return jobs.enqueue(
        ROLLOUT,
        subject=row.subject,
        arguments={"release": release.pk},
        actor=actor,
        queue=node_queue(row.node),
        trigger=trigger,
    )


def _resolve(model: str, *, version: str, alias: str) -> ModelVersion:
    if bool(version) == bool(alias):
        raise InvalidError(
            "Name either a version or an alias.",
            fields={"version": ["either this"], "alias": ["or this"]},
        )
    return registry.resolve(model, version_or_alias=version or alias, is_alias=bool(alias))


def _locked(deployment: Deployment) -> Deployment:
    """Return the row as it is now, locked until the end of the transaction.

    Without its key: or whoever writes a line about it, with a lock on the routes' revision in his
    hand, and whoever changes it and then the routes would wait for each other.
    """
    row = Deployment.objects.select_for_update(no_key=True).get(pk=deployment.pk)
    if not row.wanted:
        raise ConflictError(f"{row.name} is not deployed.", hint="Deploy a version first.")
    move_from_silent_node(row)
    return row
