"""The rows of the options editor: one form that is posted to be saved, or with `do` to be moved about first.

It works without scripts: every button is a submit button, and the page comes back with the rows as they were
typed.
"""

from workspaces.options import MAX_OPTIONS, option_counts

FIRST_ROWS = 3


class OptionRows:
    def __init__(self, rows, *, seen=(), counts=None, moves=None):
        self.rows = rows  # [{"value": "gold" or "", "label": "Gold", "default": bool}]
        self.seen = list(seen)  # option values that the person had before them when they began
        self.counts = counts or {}
        self.moves = moves or {}
        self.faults = {}
        self.others = []
        self.held = {}
        self.labels = {}
        self.links = {}  # option value → where what belongs to it is set

    @classmethod
    def of(cls, prop):
        rows = [
            {"value": o["value"], "label": o["label"], "default": bool(o.get("default"))}
            for o in prop.options
        ]
        return cls(rows, seen=[row["value"] for row in rows], counts=_counts(prop))

    @classmethod
    def of_post(cls, prop, post):
        labels = post.getlist("option-label")[: MAX_OPTIONS + 1]
        values = post.getlist("option-value") + [""] * len(labels)
        rows = [
            {"value": value, "label": label, "default": post.get("option-default") == str(at)}
            for at, (value, label) in enumerate(zip(values, labels, strict=False))
        ]
        if not rows and not post:
            rows = [_blank() for _ in range(FIRST_ROWS)]
        moves = {name.removeprefix("move-"): to for name, to in post.items() if name.startswith("move-")}
        made = cls(rows, seen=post.getlist("option-seen"), counts=_counts(prop), moves=moves)
        made.labels = {option["value"]: option["label"] for option in prop.options}
        return made

    def __bool__(self):
        return bool(self.rows or self.seen)

    def do(self, what):
        """add, or up-2, down-2, remove-2: by position."""
        name, _, at = what.partition("-")
        if name == "add":
            self.rows.append(_blank())
            return
        at = int(at) if at.isdecimal() else -1
        if not 0 <= at < len(self.rows):
            return
        row = self.rows.pop(at)
        if name != "remove":
            self.rows.insert({"up": max(0, at - 1), "down": at + 1}.get(name, at), row)

    def explain(self, error):
        self.faults, self.others = error.rows, error.others

    def ask(self, question):
        """Records hold options that were taken away: the page asks where they go."""
        self.held = question.counts

    @property
    def questions(self):
        return [
            {
                "value": value,
                "label": self.labels.get(value, value),
                "count": count,
                "move": self.moves.get(value),
            }
            for value, count in self.held.items()
        ]

    @property
    def targets(self):
        return [row for row in self.rows if row["value"]]

    def __iter__(self):
        last = len(self.rows) - 1
        for at, row in enumerate(self.rows):
            count = self.counts.get(row["value"], 0) if row["value"] else 0
            link = self.links.get(row["value"])
            fault = self.faults.get(at)
            yield {**row, "at": at, "count": count, "fault": fault, "last": at == last, "link": link}


def _blank():
    return {"value": "", "label": "", "default": False}


def _counts(prop):
    return option_counts(prop) if not prop._state.adding and prop.has_options else {}
