"""People who log in."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from accounts.policy import Principal, Role


class User(AbstractUser):
    """A person with one role; `is_staff` and `is_superuser` follow from it."""

    ROLES = [(role.value, role.value) for role in Role]

    role = models.CharField(max_length=20, choices=ROLES, default=Role.VIEWER.value)

    class Meta:
        ordering = ["username"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__in=[role.value for role in Role]),
                name="accounts_user_role_known",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def principal(self) -> Principal:
        """This person as the policy table knows them, in a session."""
        return Principal(user_id=self.pk, username=self.username, role=Role(self.role))
