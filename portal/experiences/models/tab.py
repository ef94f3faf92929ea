from django.db import models
from django.urls import reverse

from portal.experiences.models.experience import Experience
from segments.audience import Gated, GatedQuerySet
from segments.uses import Use
from workspaces.keys import uuid7
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager


class Stage(models.TextChoices):
    DRAFT = "draft", "Draft"
    PUBLISHED = "published", "Published"


class TabQuerySet(GatedQuerySet):
    def draft(self):
        return self.filter(stage=Stage.DRAFT)

    def published(self):
        return self.filter(stage=Stage.PUBLISHED)

    def shown_to(self, viewer):
        """Visible tabs with at least one visible section: a tab that would be empty is not there."""
        return self.filter(pk__in=Section.objects.shown_to(viewer).values("tab"))


class Tab(Gated):
    """A page of the portal. Draft and published tabs are rows of their own and share their key."""

    experience = WorkspaceForeignKey(Experience, models.CASCADE, related_name="tabs")
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.DRAFT, editable=False)
    # Stays the same from version to version, so that addresses survive a publication.
    key = models.UUIDField(default=uuid7, editable=False)
    title = models.CharField(max_length=60)
    position = models.PositiveIntegerField(default=0, editable=False)

    objects = WorkspaceManager.from_queryset(TabQuerySet)()

    class Meta(Gated.Meta):
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "experience", "stage", "key"], name="one_tab_per_stage_and_key"
            )
        ]

    def __str__(self):
        return self.title

    gate_related = ("experience",)

    def gate_use(self):
        url = reverse("settings:experience_tab", args=[self.experience_id, self.key])
        kind = _in_stage("Tab", self.stage)
        return Use(kind=kind, name=self.title, url=url, icon="layout", in_effect=self.in_effect)

    @property
    def in_effect(self):
        return self.stage == Stage.PUBLISHED and self.experience.in_portal


class SectionQuerySet(GatedQuerySet):
    def shown_to(self, viewer):
        """Visible sections of visible tabs."""
        return self.visible_inside("tab", viewer)


class Section(Gated):
    """A part of a tab: text, or something that other parts of the product show for the viewer."""

    tab = WorkspaceForeignKey(Tab, models.CASCADE, related_name="sections")
    key = models.UUIDField(default=uuid7, editable=False)
    kind = models.CharField(max_length=30, editable=False)  # portal/experiences/sections.py
    title = models.CharField(max_length=100, blank=True)
    body = models.TextField(blank=True, max_length=20_000)
    position = models.PositiveIntegerField(default=0, editable=False)

    objects = WorkspaceManager.from_queryset(SectionQuerySet)()

    class Meta(Gated.Meta):
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "tab", "key"], name="one_section_per_tab_and_key")
        ]

    def __str__(self):
        return self.title or self.kind

    gate_related = ("tab__experience", "tab__audience")

    def gate_use(self):
        url = reverse("settings:experience_section", args=[self.tab.experience_id, self.key])
        name = f"{self.title}, {self.tab}" if self.title else str(self.tab)
        return Use(
            kind=_in_stage("Section", self.tab.stage),
            name=name,
            url=url,
            icon="text",
            what=f"section {self.title or self.kind} in {self.tab}",
            in_effect=self.tab.in_effect,
            outer=self.tab.audience,
        )


def _in_stage(kind, stage):
    return f"{kind} in the draft" if stage == Stage.DRAFT else kind
