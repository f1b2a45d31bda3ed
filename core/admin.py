"""Django's admin of the floor: jobs and audit entries, to read only."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest

from core.models import AuditEntry, Job, JobLine

if TYPE_CHECKING:
    AuditEntryAdminBase = admin.ModelAdmin[AuditEntry]
    JobAdminBase = admin.ModelAdmin[Job]
    JobLineInlineBase = admin.TabularInline[JobLine, Job]
else:  # not generic at run time
    AuditEntryAdminBase = JobAdminBase = admin.ModelAdmin
    JobLineInlineBase = admin.TabularInline


class ReadOnly:
    """Rows that are looked at: only services write them, and delete those that may go."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        del request, obj
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        del request, obj
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse."""
        del request, obj
        return False


class JobLineInline(ReadOnly, JobLineInlineBase):
    """The lines of a job below it."""

    model = JobLine
    extra = 0


@admin.register(Job)
class JobAdmin(ReadOnly, JobAdminBase):
    """The ledger of background work."""

    list_display = ("kind", "subject", "status", "trigger", "actor", "created", "finished")
    list_filter = ("status", "trigger", "kind")
    search_fields = ("subject", "error")
    inlines = (JobLineInline,)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnly, AuditEntryAdminBase):
    """Who did what."""

    list_display = ("time", "who", "action", "object", "door", "address")
    list_filter = ("door",)
    search_fields = ("who", "action", "object")
    date_hierarchy = "time"
