"""Numbers as people type them."""

import re
from decimal import Decimal

from django import forms
from django.core.exceptions import ValidationError

THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
DECIMAL_COMMA = re.compile(r"[0-9]+,[0-9]{1,2}")


class AmountField(forms.DecimalField):
    """12,500.00 and 12,50 are both understood; what could mean two things is refused, never guessed."""

    widget = forms.TextInput
    default_error_messages = {"invalid": "Enter a number, such as 1250 or 12.50."}

    def to_python(self, value):
        if isinstance(value, str):
            value = value.strip().replace("\u00a0", "").replace(" ", "")
            if THOUSANDS.fullmatch(value):
                value = value.replace(",", "")
            elif DECIMAL_COMMA.fullmatch(value):
                value = value.replace(",", ".")
            elif "," in value:
                raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)

    def prepare_value(self, value):
        return plain(value) if isinstance(value, Decimal) else value

    def widget_attrs(self, widget):
        return {**super().widget_attrs(widget), "inputmode": "decimal", "autocomplete": "off"}


def plain(number):
    """Without the zeros that the column added: 12.5000 → 12.5, 1E+3 → 1000."""
    number = number.normalize()
    return format(number, "f")
