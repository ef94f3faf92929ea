"""What partners, contacts and records of features have in common: a document of typed property values."""

from typing import Any, ClassVar

from django.db import models

from workspaces.keys import chunk_of
from workspaces.tenancy import WorkspaceModel


class Documented(WorkspaceModel):
    """Has properties. Its values are written by workspaces.properties alone.

    All three documents are keyed by the property's number: `raw` is what people see, `norm` what rules
    compare, `set_at` when each value was last set (UTC, ISO 8601).
    """

    level: Any  # "partner"; a column where several levels share a table
    # Built-in properties that also have a column, for lists, search and sorting: key → column.
    columns: ClassVar[dict[str, str]]

    raw = models.JSONField(default=dict, editable=False)
    norm = models.JSONField(default=dict, editable=False)
    set_at = models.JSONField(default=dict, editable=False)
    version = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta(WorkspaceModel.Meta):
        abstract = True

    def value(self, prop):
        """The raw value of a property, None where there is none."""
        return self.raw.get(str(prop.number))

    def keep(self, prop, raw, *, at):
        """Puts the value of a built-in property into its column as well."""
        if prop.key in self.columns:
            setattr(self, self.columns[prop.key], raw or "")


class Record(Documented):
    """A subject of segments."""

    chunk = models.SmallIntegerField(editable=False)

    class Meta(Documented.Meta):
        abstract = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.chunk is None:
            self.chunk = chunk_of(self.pk)
