"""The editor's block of permissions: what members may do, beside what they see."""

from django import forms

from segments.models import Permission, Segment
from segments.permissions import set_permissions

RESTRICTED = "restricted"


class PermissionsForm(forms.Form):
    """What was not sent stays as it is."""

    invite = forms.ChoiceField(
        required=False,
        label="Invite team members",
        choices=[("inherit", "Inherit"), ("allow", "Allow"), ("deny", "Deny")],
    )
    restricted = forms.ChoiceField(
        required=False,
        label="Collaboration restricted",
        choices=[("inherit", "Inherit"), (RESTRICTED, "Restricted")],
    )


class PermissionsBlock:
    template = "segments/settings/_permissions.html"

    def __init__(self, data, *, segment: Segment | None):
        found = Permission.objects.filter(segment=segment).first() if segment else None
        self.stored = found or Permission()
        self.uncounted = segment is None or segment.live_build is None  # what narrows holds for everybody
        scope = RESTRICTED if self.stored.restricted else "inherit"
        initial = {"invite": self.stored.invite, "restricted": scope}
        self.form = PermissionsForm(data, initial=initial, prefix="permissions")

    def is_valid(self) -> bool:
        return self.form.is_valid()

    @property
    def _chosen(self) -> tuple[str, bool]:
        cleaned = self.form.cleaned_data
        restricted = cleaned["restricted"] or (RESTRICTED if self.stored.restricted else "")
        return cleaned["invite"] or self.stored.invite, restricted == RESTRICTED

    def said(self, segment: Segment) -> Permission | None:
        """What would hold for its members; None where that is what holds already."""
        if not self.is_valid() or self._chosen == (self.stored.invite, self.stored.restricted):
            return None
        invite, restricted = self._chosen
        return Permission(segment=segment, invite=invite, restricted=restricted)

    def save(self, segment: Segment) -> bool:
        invite, restricted = self._chosen
        return set_permissions(segment, invite=invite, restricted=restricted)
