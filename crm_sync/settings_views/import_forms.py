from django import forms

from crm_sync.kinds import KINDS
from crm_sync.mapping import filters, schema
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
        fields = [
            *("enabled", "partner_by", "distributor_by", "every", "linking", "when_deleted"),
            *("creates", "key"),
        ]
        labels = {
            "partner_by": "Who sells it",
            "distributor_by": "Who stands between, if anybody",
            "creates": "What people make here is made there too",
            "key": "Found again by",
            "enabled": "Let records in by themselves",
            "linking": "When one looks like one of yours",
            "when_deleted": "When one is deleted in the CRM",
        }
        help_texts = {
            "linking": "By web address or e-mail address. A unique key that both sides hold links at once.",
            "when_deleted": "Suspended people cannot come in; restoring the record lets them in again.",
            "partner_by": "The partner's people see it. One that no partner sells stays outside.",
            "creates": "With everything that is mapped and can be written. A lost answer makes no second one.",
            "key": "A unique field: it keeps the record's ID of this portal, or a person's address.",
        }

    def __init__(self, *args, connection, **kwargs):
        super().__init__(*args, **kwargs)
        object_type, crm = self.instance.object_type, str(connection)
        self.fields["creates"].label = f"What people make here is made in {crm} too"
        known = list(schema.known_fields(connection, object_type))
        keys = [(f.name, f.label) for f in known if f.unique and not f.read_only]
        self.fields["key"] = self._choice("key", [("", "Choose a unique field"), *keys])
        if not KINDS[object_type].is_attributed:
            del self.fields["partner_by"], self.fields["distributor_by"]
            return
        del self.fields["when_deleted"]  # it is archived, and comes back with it
        ways = [(f.name, f.label) for f in known if "company" in f.refers_to]
        usual = "Any company of it that is a partner"
        if connection.provider == connection.Provider.SALESFORCE:
            usual = "The account" if object_type == "deal" else "Nobody, until a field is chosen"
        self.fields["partner_by"] = self._choice("partner_by", [("", usual), *ways])
        self.fields["distributor_by"] = self._choice("distributor_by", [("", "Nobody"), *ways])

    def _choice(self, name, choices):
        """As the model's field, among these; what is stored and gone stays until somebody chooses again."""
        field, held = self.fields[name], getattr(self.instance, name)
        if held and held not in dict(choices):
            choices = [*choices, (held, f"{held} (gone)")]
        return forms.ChoiceField(
            label=field.label, help_text=field.help_text, choices=choices, required=False
        )

    def clean(self):
        cleaned = super().clean() or {}
        if cleaned.get("creates") and not cleaned.get("key"):
            self.add_error("key", "Choose the field by which a record is found again.")
        return cleaned


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
