"""What should be served under a name, and what happened to it."""

from django.core.validators import RegexValidator
from django.db import models
from django.urls import reverse
from django.utils import timezone

# The doubled sign: Django puts values into the message by `%`.
NAME = RegexValidator(
    r"^(?!(new|\.|\.\.)$)[^/\\:?#%&;\x00-\x1f\x7f]+$",
    "A deployment's name may not hold any of / \\ : ? # %% & ; nor control characters, and may "
    "not be new, a dot or two dots: these mean something else in an address.",
)


class Deployment(models.Model):
    """A name under which one version of a model answers; the desired state.

    `target` is the release that should serve, `current` the one that does. `wanted` turns False
    when it is undeployed: the row stays, with its history and predictions. A `public` one answers
    without a token.
    """

    name = models.CharField(max_length=200, unique=True, validators=[NAME])
    model_name = models.CharField(max_length=256)
    alias = models.CharField(max_length=256, blank=True)
    node = models.CharField(max_length=100)
    public = models.BooleanField(default=False)
    wanted = models.BooleanField(default=True)
    target = models.ForeignKey(
        "Release", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    current = models.ForeignKey(
        "Release", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)
    changed = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("deployments:deployment", args=[self.name])

    @property
    def subject(self) -> str:
        """How jobs and audit entries name this deployment."""
        return f"deployment:{self.name}"


class DeploymentEvent(models.Model):
    """One line of a deployment's log, as people see it live on its page."""

    class Tone(models.TextChoices):
        OK = "ok"
        WARN = "warn"
        BAD = "bad"
        BUSY = "busy"
        IDLE = "idle"

    deployment = models.ForeignKey(Deployment, on_delete=models.CASCADE, related_name="events")
    release = models.ForeignKey(
        "Release", null=True, blank=True, on_delete=models.SET_NULL, related_name="events"
    )
    time = models.DateTimeField(default=timezone.now)
    tone = models.CharField(max_length=4, choices=Tone.choices, default=Tone.IDLE)
    text = models.TextField()

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.text
