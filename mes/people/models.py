"""People with a role and the lines they may see; how they say who they are; API keys; devices of stations."""

from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models

from mes.plant.models import Line, WorkCenter


class Role(models.TextChoices):
    """What a person does in the plant; it decides the home page and what may be changed."""

    OPERATOR = "operator", "Operator"
    SUPERVISOR = "supervisor", "Supervisor"
    PLANNER = "planner", "Planner"
    ENGINEER = "engineer", "Engineer"
    MAINTENANCE = "maintenance", "Maintenance"
    QUALITY = "quality", "Quality"
    FINANCE = "finance", "Finance"
    MANAGER = "manager", "Manager"
    ADMIN = "admin", "Admin"


# Whom the admin pages are open to; what they may change there is decided by `access.may`.
STAFF_ROLES = (Role.ADMIN, Role.ENGINEER)


class Person(AbstractUser):
    """A person who logs in. `all_lines` or the listed lines are what they may see; outside is 404."""

    role = models.CharField(max_length=12, choices=Role, default=Role.OPERATOR)
    all_lines = models.BooleanField(default=False, help_text="May see every line of every site.")
    lines = models.ManyToManyField(Line, blank=True, related_name="people")
    language = models.CharField(
        max_length=8,
        blank=True,
        default="",
        help_text="Of the pages, e.g. es; empty: as the browser asks.",
    )

    class Meta:
        verbose_name_plural = "people"
        ordering = ["username"]

    def save(self, **kwargs: Any) -> None:
        """Saves the person; the role alone decides who reaches the admin pages."""
        self.is_staff = self.is_superuser or self.role in STAFF_ROLES
        if kwargs.get("update_fields") is not None:
            kwargs["update_fields"] = {*kwargs["update_fields"], "is_staff"}
        super().save(**kwargs)


class ApiKey(models.Model):
    """A key for a machine or program. Only its SHA-256 is stored; the key itself is shown once."""

    name = models.CharField(max_length=80, unique=True)
    owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="api_keys")
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list, help_text="read, observations, orders, ...")
    lines = models.ManyToManyField(Line, blank=True, help_text="Empty: the lines of its owner.")
    expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class LoginFailures(models.Model):
    """Failed log-ins of one name or from one address since a moment; ten for a name close it for a while."""

    key = models.CharField(max_length=200, unique=True, help_text="name:<lower case> or address:<ip>")
    failures = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()

    class Meta:
        verbose_name_plural = "login failures"

    def __str__(self) -> str:
        return f"{self.key}: {self.failures}"


class Identity(models.Model):
    """How a person says who they are at a station: a badge, a PIN or both. Only hashes; neither is ever shown again."""

    person = models.OneToOneField(Person, on_delete=models.CASCADE, primary_key=True, related_name="identity")
    badge_hash = models.CharField(max_length=64, blank=True, default="", help_text="Keyed hash of the badge's number.")
    pin_hash = models.CharField(max_length=128, blank=True, default="")

    class Meta:
        verbose_name_plural = "identities"
        constraints = [
            models.UniqueConstraint(
                fields=["badge_hash"], condition=~models.Q(badge_hash=""), name="badge_of_one_person"
            )
        ]

    def __str__(self) -> str:
        return self.person.username


class StationDevice(models.Model):
    """A terminal that is the station of one machine. It looks as its account; whoever acts says who they are."""

    name = models.CharField(max_length=80, unique=True)
    work_center = models.ForeignKey(WorkCenter, on_delete=models.PROTECT, related_name="station_devices")
    account = models.OneToOneField(Person, on_delete=models.PROTECT, related_name="station_device")
    token_hash = models.CharField(max_length=64, unique=True)
    made_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
