"""The options of a choice property: renamed, ordered, added, and removed without leaving records stranded."""

import re
import unicodedata

from workspaces.models import Property
from workspaces.properties import Edit, save_property, set_many
from workspaces.property_usage import holders, option_counts

MAX_OPTIONS = 1000
MAX_LABEL = 80
MAX_VALUE = 60


class OptionErrors(ValueError):
    """What is wrong: `rows` by position, `others` about the list as a whole. Nothing was written."""

    def __init__(self, rows=None, others=()):
        self.rows, self.others = rows or {}, list(others)
        super().__init__("; ".join([*self.rows.values(), *self.others]))


class OptionsHeld(Exception):
    """Options were taken away that records still hold: where do these go? `counts` by option value."""

    def __init__(self, counts):
        self.counts = counts
        super().__init__(", ".join(counts))


def key_from(label, *, taken=(), longest=MAX_VALUE):
    """A key or value out of words: “Größe (m²)” → grosse_m2; a number follows where it is taken."""
    plain = unicodedata.normalize("NFKD", label.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    stem = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[: longest - 4].rstrip("_")
    stem = stem if stem[:1].isalpha() else f"o_{stem}".rstrip("_")
    key, number = stem, 2
    while key in taken:
        key, number = f"{stem}_{number}", number + 1
    return key


def locked(prop):
    """The property as it is now, held until the transaction ends. Records may still be written meanwhile."""
    rows = Property.objects.select_related("workspace").select_for_update(of=("self",), no_key=True)
    return rows.get(pk=prop.pk)


def checked(rows, *, before=()):
    """Options out of rows of value (None for a new one), label and, where it applies, default."""
    known = {option["value"]: option for option in before}
    faults: dict[int, str] = {}
    options: list[dict] = []
    labels: set[str] = set()
    for position, row in enumerate(rows):
        label = row["label"].strip()
        if not label:
            if row["value"]:
                faults[position] = "Give it a name, or remove it."
            continue
        if len(label) > MAX_LABEL:
            faults[position] = f"Keep it under {MAX_LABEL} characters."
        if label.casefold() in labels:
            faults[position] = f"“{label}” is in the list already."
        labels.add(label.casefold())
        taken = set(known) | {option["value"] for option in options}
        value = row["value"] if row["value"] in known else key_from(label, taken=taken)
        option = {**known.get(value, {}), "value": value, "label": label}
        option.pop("default", None)
        options.append(option | ({"default": True} if row.get("default") else {}))
    if faults:
        raise OptionErrors(faults)
    if len(options) > MAX_OPTIONS:
        raise OptionErrors(others=[f"A property has at most {MAX_OPTIONS:,} options."])
    return options


def save_options(prop, rows, *, by, seen=(), moves=None):
    """Replaces the options of a property.

    `seen` are the values that the person had before them: what others added meanwhile stays. `moves` says for
    options that are gone where their records go: another option's value, or "" to clear. Raises OptionErrors,
    or OptionsHeld where it was not said.
    """
    prop = locked(prop)
    options = checked(rows, before=prop.options)
    kept = {option["value"] for option in options}
    options += [o for o in prop.options if o["value"] not in kept and seen and o["value"] not in seen]
    _check_default(prop, options)
    gone = [o["value"] for o in prop.options if o["value"] not in {option["value"] for option in options}]
    held = {value: n for value, n in option_counts(prop).items() if value in gone} if gone else {}
    allowed = {"", *(option["value"] for option in options)}
    if unsaid := {v: n for v, n in held.items() if (moves or {}).get(v) not in allowed}:
        raise OptionsHeld(unsaid)
    prop.options = options
    save_property(prop)
    _move_holders(prop, {value: moves[value] for value in held} if held else {}, by=by)
    return prop


def _check_default(prop, options):
    """The built-in role has exactly one default, which every new contact gets."""
    if not is_role(prop):
        return
    defaults = [option for option in options if option.get("default")]
    if not options:
        raise OptionErrors(others=["There is always at least one role."])
    if len(defaults) != 1:
        raise OptionErrors(others=["Choose the one role that new contacts get before you save."])


def is_role(prop):
    return prop.built_in and prop.level == Property.Level.CONTACT and prop.key == "role"


def _move_holders(prop, moves, *, by):
    number = str(prop.number)
    edits: dict = {}
    for gone in moves:
        for record in holders(prop, gone):
            edits.setdefault(record.pk, Edit(record, {prop.key: record.raw[number]}))
    for edit in edits.values():
        edit.values[prop.key] = _moved(prop, edit.values[prop.key], moves)
    set_many(list(edits.values()), by=by)


def _moved(prop, raw, moves):
    if prop.type == "multi_choice":
        return [new for value in raw if (new := moves.get(value, value))]
    return moves[raw] or None
