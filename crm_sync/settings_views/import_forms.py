from django import forms

from crm_sync.mapping import filters
from crm_sync.models import ImportRule

ROWS = 5  # conditions that a rule can have


class RuleForm(forms.ModelForm):
    """Which records come in, and what happens around that."""

    every = forms.TypedChoiceField(
        label="Conditions",
        choices=[("True", "All of these hold"), ("False", "Any of these holds")],
        coerce=lambda text: text == "True",
    )

    class Meta:
        model = ImportRule
        fields = ["enabled", "every", "linking", "when_deleted"]
        labels = {
            "enabled": "Let records in by themselves",
            "linking": "When one looks like one of yours",
            "when_deleted": "When one is deleted in the CRM",
        }
        help_texts = {
            "linking": "By web address or e-mail address. A unique key that both sides hold links at once.",
            "when_deleted": "Suspended people cannot come in; restoring the record lets them in again.",
        }


class ConditionRows:
    """The rows of conditions of one rule: read from the rule, or from what was posted."""

    def __init__(self, connection, rule, *, prefix, data=None):
        self.prefix, self.data, self.error = prefix, data, ""
        known = connection.fields_known.get(rule.object_type, [])
        ordered = sorted(known, key=lambda field: field["label"].casefold())
        self.fields = [(field["name"], field["label"]) for field in ordered]
        self.operators = list(filters.OPERATORS.items())
        posted = data is not None
        self.rows = [self._posted(n) for n in range(ROWS)] if posted else self._stored(rule.conditions)

    def _stored(self, conditions):
        rows = [
            {"field": c["field"], "operator": c["operator"], "text": "; ".join(c.get("values", []))}
            for c in conditions
        ]
        spare = 1 if len(rows) < ROWS else 0
        return rows + [{"field": "", "operator": "is", "text": ""}] * max(spare, 2 - len(rows))

    def _posted(self, n):
        names = ("field", "operator", "text")
        return {name: self.data.get(f"{self.prefix}-{name}-{n}", "").strip() for name in names}

    def is_valid(self):
        known = {name for name, _ in self.fields}
        for row in self._filled():
            if row["field"] not in known or row["operator"] not in filters.OPERATORS:
                self.error = "Choose a field and how it is compared."
            elif row["operator"] not in filters.WITHOUT_VALUE and not row["text"]:
                self.error = "Say what the field is compared with."
        return not self.error

    def conditions(self):
        return [
            {
                "field": row["field"],
                "operator": row["operator"],
                "values": [part.strip() for part in row["text"].split(";") if part.strip()],
            }
            for row in self._filled()
        ]

    def _filled(self):
        return [row for row in self.rows if row["field"]]
