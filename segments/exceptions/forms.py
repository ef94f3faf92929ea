"""What a team member writes for an exception: in or out, why, and until when."""

from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from segments.engine import lists
from segments.models import Segment

FOUND = 8
IN, OUT = "in", "out"


class ExceptionForm(forms.Form):
    included = forms.ChoiceField(
        choices=[(IN, "Always in"), (OUT, "Never in")], widget=forms.RadioSelect, label="They are", initial=IN
    )
    reason = forms.CharField(
        max_length=300, label="Why", error_messages={"required": "Say why, for whoever looks at it later."}
    )
    until = forms.CharField(
        required=False,
        label="Until",
        widget=forms.TextInput({"type": "datetime-local"}),
        help_text="Empty: for as long as nobody ends it.",
    )

    def __init__(self, data=None, *, zone: ZoneInfo, initial: dict | None = None):
        self.zone = zone
        super().__init__(data, initial=initial)
        self.fields["until"].help_text += f" By the clock of {zone.key.replace('_', ' ')}."

    def clean_included(self) -> bool:
        return self.cleaned_data["included"] == IN

    def clean_reason(self) -> str:
        return self.cleaned_data["reason"].replace("\x00", "")

    def clean_until(self) -> datetime | None:
        text = self.cleaned_data["until"].strip()
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            moment = (moment if moment.tzinfo else moment.replace(tzinfo=self.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise forms.ValidationError("Write a date and a time, such as 2027-03-01T14:30.") from None
        if moment <= timezone.now():
            raise forms.ValidationError("Choose a moment that is still to come.")
        return moment


class ForSegment(ExceptionForm):
    """On the page of a segment: about whom is found by name."""

    find = forms.CharField(required=False)
    subject = forms.CharField(required=False)

    def __init__(self, data=None, *, segment: Segment, **more):
        self.segment = segment
        super().__init__(data, **more)
        self.fields["find"].label = "Which partner" if segment.level == "partner" else "Who"

    def unchecked(self) -> "ForSegment":
        """As it was typed, without complaints: it is still being filled in."""
        typed = {name: self.data.get(name, "") for name in self.fields}
        return ForSegment(segment=self.segment, zone=self.zone, initial=typed)

    @property
    def chosen(self):
        """The record that was picked, if there is one of this id."""
        pk = _uuid(self["subject"].value() or "")
        return self._records().filter(pk=pk).first() if pk else None

    @property
    def found(self) -> list:
        typed = (self["find"].value() or "").replace("\x00", "").strip()
        return list(lists.called_like(self.segment.level, typed)[:FOUND]) if typed else []

    def clean(self):
        super().clean()
        found = [self.chosen] if self.chosen else self.found
        if len(found) != 1:
            self.add_error("find", self._which(found))
        else:
            self.cleaned_data["record"] = found[0]

    def _which(self, found: list) -> str:
        if found:
            return "Several are called that. Choose one of them."
        noun = "partner" if self.segment.level == "partner" else "person"
        return f"Nobody is called that. Choose a {noun}." if self["find"].value() else f"Choose a {noun}."

    def _records(self):
        records = lists.MODELS[self.segment.level].objects
        return records.select_related("partner") if self.segment.level == "contact" else records.all()


class ForRecord(ExceptionForm):
    """On the page of a partner or contact: from which segment is chosen from a list."""

    def __init__(self, data=None, *, level: str, **more):
        super().__init__(data, **more)
        segments = open_to_exceptions().filter(level=level).order_by("name", "pk")
        self.any_segment = segments.exists()
        field = forms.ModelChoiceField(segments, label="Segment", empty_label="Choose one")
        self.fields = {"segment": field, **self.fields}


def open_to_exceptions():
    """Segments with a rule that the team made. Roles are given at the contact, not by exception."""
    return Segment.objects.present().filter(kind=Segment.Kind.DYNAMIC, built_in_key=None)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
