"""The profile's form: the typed fields of Settings, for the few properties that this person may edit."""

import json

from workspaces.record_forms import PropertyForm, typed

LONGEST = 100_000


class ProfileForm(PropertyForm):
    """Beside each field stands what it said when the page was opened. So a value that changed meanwhile is neither
    overwritten by somebody who did not touch it, nor silently by somebody who did."""

    def __init__(self, properties, partner, data=None):
        super().__init__(properties, partner, data)
        for prop in properties if data is not None else []:
            seen = _read(data.get(f"was-{prop.key}"))
            if seen is not None:
                self.initial[prop.key] = seen

    def saw(self, prop, raw):
        """Whether this raw value is what the person had before them."""
        return self.initial[prop.key] == typed(prop, raw)


def was(prop, raw):
    """For the hidden field beside the input."""
    return json.dumps(typed(prop, raw))


def _read(text):
    """Only what `was` can have written; anything else is as if it were not there."""
    try:
        seen = json.loads(text) if text and len(text) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    if isinstance(seen, str):
        return seen
    parts = seen if isinstance(seen, list) else seen.values() if isinstance(seen, dict) else [None]
    money = not isinstance(seen, dict) or set(seen) == {"amount", "currency"}
    return seen if money and all(isinstance(part, str) for part in parts) else None
