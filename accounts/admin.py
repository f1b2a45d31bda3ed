"""Django's admin of people and tokens."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth import admin as auth_admin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters

from accounts.models import ApiToken, User
from accounts.permissions import user_in
from accounts.policy import Role
from accounts.services import ACCESS, revoke_token
from core import audit
from core.admin import ReadOnly
from core.models import Revision

if TYPE_CHECKING:
    TokenAdminBase = admin.ModelAdmin[ApiToken]
    UserAdminBase = auth_admin.UserAdmin[User]
else:  # not generic at run time
    TokenAdminBase = admin.ModelAdmin
    UserAdminBase = auth_admin.UserAdmin


# Roles alone say who may do what; a group would look as if it did.
admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(UserAdminBase):
    """People: name, role, whether they may log in."""

    list_display = ("username", "email", "role", "is_active", "last_login")
    list_filter = ("role", "is_active")
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("role", "is_active")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "role", "usable_password", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined")

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Save with the flags that follow from the role, and write it down."""
        before = _told(User.objects.get(pk=obj.pk)) if change else {}
        obj.is_staff = obj.is_superuser = obj.role == Role.ADMINISTRATOR
        super().save_model(request, obj, form, change)
        Revision.bump(ACCESS)
        audit.record(
            "changed" if change else "created",
            object=f"user:{obj.username}",
            actor=user_in(request),
            before=before,
            after=_told(obj),
        )

    @method_decorator(sensitive_post_parameters())
    @transaction.atomic
    def user_change_password(
        self, request: HttpRequest, id: str, form_url: str = ""
    ) -> HttpResponse:
        """Set somebody's password (or that there is none), and write it down."""
        before = self.get_object(request, unquote(id))
        known = before.password if before else ""
        response = super().user_change_password(request, id, form_url)
        after = self.get_object(request, unquote(id))
        if after is not None and after.password != known:
            Revision.bump(ACCESS)
            audit.record(
                "set the password of", object=f"user:{after.username}", actor=user_in(request)
            )
        return response

    @transaction.atomic
    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete with the person's tokens, and write it down."""
        audit.record(
            "deleted", object=f"user:{obj.username}", actor=user_in(request), before=_told(obj)
        )
        super().delete_model(request, obj)
        Revision.bump(ACCESS)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Offer no deletion in bulk: it would pass by `delete_model`."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions


def _told(user: User) -> dict[str, Any]:
    """Return what of a person the audit tells."""
    return {
        "name": user.username,
        "role": user.role,
        "active": user.is_active,
        "email": user.email,
    }


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, TokenAdminBase):
    """Everybody's API tokens: to read, and to revoke.

    Their owners alone make them and see them; none is deleted, so that logs keep its name.
    """

    list_display = ("name", "user", "hint", "status", "created", "expires", "last_used")
    fields = ("name", "user", "hint", "scopes", "created", "expires", "revoked", "last_used")
    search_fields = ("name", "user__username")
    actions = ("revoke",)

    @admin.action(description="Revoke the selected tokens")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiToken]) -> None:
        """End the selected tokens that are not ended yet."""
        for token in queryset.filter(revoked__isnull=True):
            revoke_token(token=token, actor=user_in(request))
