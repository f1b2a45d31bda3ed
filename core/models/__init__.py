"""Rows of the floor: jobs with their log, audit entries, revision counters, idempotency keys."""

from core.models.audit import AuditEntry
from core.models.idempotency import IdempotentRequest
from core.models.job import Job, JobLine
from core.models.revision import Revision

__all__ = ["AuditEntry", "IdempotentRequest", "Job", "JobLine", "Revision"]
