"""What a partner's profile shows, in which order, and who of the partner may edit what: once for all portals."""

from django.db import models
from django.urls import reverse

from segments.audience import Gated
from segments.models import Audience
from segments.uses import Use
from workspaces.properties import properties_of
from workspaces.tenancy import (
    WorkspaceForeignKey,
    WorkspaceManager,
    WorkspaceModel,
    WorkspaceOneToOneField,
    current_workspace_id,
)

# What a workspace shows until its team chooses: (key of a property, whether partners edit it).
AT_FIRST = (("name", False), ("website", True), ("tier", False), ("phase", False), ("country", False))


class ProfileLayout(Gated):
    """A workspace's profile page. Its audience are those who may edit."""

    logo_editable = models.BooleanField("Partners may change their logo", default=True)

    objects = WorkspaceManager()

    class Meta(Gated.Meta):
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_profile_layout_per_workspace")]

    def __str__(self):
        return "Partner profile"

    def gate_use(self):
        url, what = reverse("settings:profile"), "editing of the profile"
        return Use(kind="Partner profile", name="Who may edit", url=url, icon="form", what=what)

    @classmethod
    def ensure(cls):
        """The workspace's layout, made with what it shows at first when it is first changed."""
        layout, made = cls.objects.get_or_create(workspace_id=current_workspace_id())
        if made:
            ProfileField.objects.bulk_create(fields_at_first(layout))
        return layout


class ProfileField(WorkspaceModel):
    """A property that the profile shows."""

    layout = WorkspaceForeignKey(ProfileLayout, models.CASCADE, related_name="fields")
    prop = WorkspaceForeignKey("workspaces.Property", models.CASCADE, related_name="+")
    position = models.IntegerField()
    editable = models.BooleanField(default=False)
    # Narrower or other than the layout's; None follows the layout.
    audience = WorkspaceOneToOneField(
        Audience, models.PROTECT, null=True, blank=True, related_name="+", editable=False
    )

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "layout", "prop"], name="one_profile_field_per_property"
            )
        ]

    def __str__(self):
        return str(self.prop)

    gate_related = ("prop",)

    def gate_use(self):
        url = reverse("settings:profile_field", args=[self.prop_id])
        return Use(
            kind="Partner profile",
            name=f"Who may edit {self.prop}",
            url=url,
            icon="form",
            what=f"editing of {self.prop}",
            in_effect=self.may_be_edited,
        )

    @property
    def may_be_edited(self):
        """Read-only is read-only for everyone, whatever was ticked here before."""
        return self.editable and can_be_editable(self.prop)


def can_be_editable(prop):
    """A partner's people never choose among the vendor's team, whose names are not theirs to read."""
    return not prop.read_only and prop.archived_at is None and prop.type != prop.Type.USER


def fields_at_first(layout):
    known = properties_of("partner")
    shown = [(known[key], editable) for key, editable in AT_FIRST if key in known]
    return [
        ProfileField(layout=layout, prop=prop, position=position, editable=editable)
        for position, (prop, editable) in enumerate(shown)
    ]
