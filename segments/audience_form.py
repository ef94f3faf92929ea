"""The one picker of an audience. `templates/segments/audience_field.html` draws it."""

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from segments.models import Audience, AudienceSegment, Segment

NAMING: set[str] = {Audience.Mode.ONLY, Audience.Mode.EXCEPT}


class AudienceForm(forms.Form):
    """Everyone, only some segments, everyone except some, or nobody. Partner roles stand among the segments."""

    mode = forms.ChoiceField(choices=Audience.Mode.choices, widget=forms.RadioSelect, label="Who it is for")
    segments = forms.MultipleChoiceField(required=False, label="Segments and roles")
    grace_days = forms.IntegerField(
        required=False,
        label="Days of grace for who leaves a segment",
        validators=[MinValueValidator(0), MaxValueValidator(365)],
        widget=forms.NumberInput(attrs={"min": 0, "max": 365, "inputmode": "numeric"}),
    )

    def __init__(self, data=None, *, instance: Audience | None = None, prefix: str = "audience", **kwargs):
        self.instance = instance or Audience()
        self.named = self._named()
        super().__init__(data, prefix=prefix, initial=self._stored(), **kwargs)
        self.offered = {str(segment.pk): segment for segment in self._offered()}
        self.fields["segments"].choices = self._choices()  # type: ignore[attr-defined]

    def _named(self) -> list[Segment]:
        if self.instance._state.adding:
            return []
        return [row.segment for row in self.instance.named.select_related("segment")]

    def _stored(self) -> dict:
        return {
            "mode": self.instance.mode,
            "segments": [str(segment.pk) for segment in self.named],
            "grace_days": self.instance.grace_days,
        }

    def _offered(self) -> list[Segment]:
        """Those that are present, and those that are named already, so that saving loses nothing silently."""
        present = {segment.pk: segment for segment in Segment.objects.present()}
        for segment in self.named:
            present.setdefault(segment.pk, segment)
        return sorted(present.values(), key=lambda segment: segment.name.casefold())

    def _choices(self) -> list[tuple[str, list[tuple[str, str]]]]:
        groups: dict[str, list[tuple[str, str]]] = {"Partners": [], "Contacts": [], "Partner roles": []}
        for pk, segment in self.offered.items():
            group = "Partner roles" if segment.built_in else f"{segment.get_level_display()}s"
            archived = " (archived: closes this gate)" if segment.archived_at else ""
            groups[group].append((pk, segment.name + archived))
        return [(name, choices) for name, choices in groups.items() if choices]

    def clean_grace_days(self) -> int:
        return self.cleaned_data["grace_days"] or 0

    def clean(self) -> dict:
        cleaned = super().clean() or {}
        if cleaned.get("mode") in NAMING and not cleaned.get("segments") and "segments" not in self.errors:
            self.add_error("segments", "Choose at least one segment or role, or choose another answer.")
        return cleaned

    def save(self) -> Audience:
        """What is not named in this mode is forgotten, so that it does not keep a segment in use."""
        audience, cleaned = self.instance, self.cleaned_data
        audience.mode, audience.grace_days = cleaned["mode"], cleaned["grace_days"]
        audience.save()
        wanted = set(cleaned["segments"]) if cleaned["mode"] in NAMING else set()
        audience.named.exclude(segment__in=wanted).delete()
        present = {str(pk) for pk in audience.named.values_list("segment_id", flat=True)}
        AudienceSegment.objects.bulk_create(
            AudienceSegment(audience=audience, segment=self.offered[pk]) for pk in sorted(wanted - present)
        )
        return audience

    @property
    def closed(self) -> list[Segment]:
        """Named segments that decide nothing any more."""
        return [segment for segment in self.named if segment.archived_at or segment.live_build is None]
