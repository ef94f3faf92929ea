from django.db import models

from segments.models.segment import Segment
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel


class Level(models.TextChoices):
    """How much of one kind of news reaches a person."""

    ALL = "all", "Everything"
    MINE = "mine", "Only where they collaborate"
    OFF = "off", "Off"


class Channel(models.TextChoices):
    PORTAL = "portal", "In the portal"
    MAIL = "mail", "By mail"


class NotificationRule(WorkspaceModel):
    """One kind of news in one channel, and how much of it gets through."""

    kind = models.CharField(max_length=60)  # segments/notifications.py
    channel = models.CharField(max_length=10, choices=Channel)
    level = models.CharField(max_length=10, choices=Level)

    class Meta(WorkspaceModel.Meta):
        abstract = True


class NotificationDefault(NotificationRule):
    """What holds where no segment of a person says anything. Without a row, the kind's own default holds."""

    objects = WorkspaceManager()

    class Meta(NotificationRule.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "kind", "channel"], name="one_default_per_kind_and_channel"
            )
        ]

    def __str__(self):
        return f"{self.kind}, {self.channel}: {self.level}"


class SegmentNotification(NotificationRule):
    """What a segment says for its members. Without a row it says nothing about this kind and channel."""

    segment = WorkspaceForeignKey(Segment, models.CASCADE, related_name="notifications")

    objects = WorkspaceManager()

    class Meta(NotificationRule.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "segment", "kind", "channel"], name="said_once_per_segment"
            )
        ]

    def __str__(self):
        return f"{self.segment_id}: {self.kind}, {self.channel}: {self.level}"
