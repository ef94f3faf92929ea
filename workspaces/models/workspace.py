import calendar
import zoneinfo

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Func

from workspaces.keys import uuid7

# First path segments that belong to the product, so that no workspace can take them.
RESERVED_SLUGS = frozenset(
    (
        *("accounts", "admin", "api", "app", "assets", "demo", "events", "favicon.ico", "healthz", "help"),
        *("hooks", "live", "media", "portal", "readyz", "robots.txt", "settings", "sign-in", "static"),
        *("status", "support", "workspaces", "www"),
    )
)


class NextNumber(Func):
    """The next value of the sequence that numbers workspaces."""

    function = "nextval"
    template = "nextval('workspaces_workspace_numbers')"


def validate_slug_is_free(slug):
    if slug in RESERVED_SLUGS:
        raise ValidationError(f"“{slug}” is used by the portal itself. Choose another address.")


def validate_time_zone(name):
    if name not in zoneinfo.available_timezones():
        raise ValidationError(f"“{name}” is not a known time zone, such as Europe/Berlin.")


class Workspace(models.Model):
    """A vendor: the tenant."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # A small number for advisory locks, which take integers.
    number = models.IntegerField(
        unique=True, editable=False, db_default=NextNumber(output_field=models.IntegerField())
    )
    name = models.CharField(max_length=100)
    slug = models.CharField(
        max_length=40,
        unique=True,
        validators=[
            RegexValidator(r"^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\Z", "Use small letters, digits and hyphens."),
            validate_slug_is_free,
        ],
    )
    domain = models.CharField(
        max_length=253,
        unique=True,
        null=True,
        blank=True,
        help_text="The portal's own address, such as partners.example.com",
    )
    time_zone = models.CharField(max_length=64, default="UTC", validators=[validate_time_zone])
    # Where weeks and fiscal years begin, for "this week" and "last fiscal quarter" in conditions.
    week_starts = models.PositiveSmallIntegerField(
        default=1, choices=[(1, "Monday"), (6, "Saturday"), (7, "Sunday")]
    )
    fiscal_year_starts = models.PositiveSmallIntegerField(
        default=1, choices=[(number, calendar.month_name[number]) for number in range(1, 13)]
    )
    currency = models.CharField(max_length=3, default="EUR")
    brand_color = models.CharField(
        max_length=7,
        default="#2b4fd0",
        validators=[RegexValidator(r"^#[0-9a-fA-F]{6}\Z", "A colour looks like #2b4fd0.")],
    )
    # What contacts may do where no segment of theirs says otherwise (segments/permissions.py).
    contacts_invite = models.BooleanField(default=True)
    collaboration_restricted = models.BooleanField(default=False)
    second_factor_required = models.BooleanField(default=False)
    # Counted by a trigger with every change of a property; see workspaces/known_properties.py.
    properties_version = models.BigIntegerField(db_default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self):
        return self.name

    @property
    def zone(self):
        return zoneinfo.ZoneInfo(self.time_zone)
