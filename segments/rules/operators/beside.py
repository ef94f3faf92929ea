"""The comparisons of what is asked beside properties: segments, activity, records, a share of everybody."""

from segments.rules.fields import ACTIVITY, CHANCE, CONSTANT, RECORDS, SEGMENTS
from segments.rules.operators.definition import Operator

_SEGMENTS = (
    Operator("in_any", "is in any of the segments", "in_any", "segments"),
    Operator("in_all", "is in all of the segments", "in_all", "segments"),
    Operator("in_none", "is in none of the segments", "in_none", "segments"),
    Operator("always_in", "is always in, by an exception, any of", "excepted", "segments"),
    Operator("never_in", "is never in, by an exception, any of", "excepted", "segments"),
)
_ACTIVITY = (
    Operator("at_least", "at least", "times", "times"),
    Operator("at_most", "at most", "times", "times"),
    Operator("exactly", "exactly", "times", "times"),
    Operator("never", "never", "times", "never"),
    Operator("last_before", "last before", "first_or_last", "deed_day"),
    Operator("last_since", "last on or after", "first_or_last", "deed_day"),
    Operator("first_before", "first before", "first_or_last", "deed_day"),
    Operator("first_since", "first on or after", "first_or_last", "deed_day"),
    Operator("first_within", "for the first time in the last", "first_or_last", "deed_span"),
)
_RECORDS = (
    Operator("any", "at least one", "count", "nothing"),
    Operator("none", "none", "count", "nothing"),
    Operator("all", "all of them", "all", "nothing"),
    Operator("all_or_none", "all of them, or there is none", "all", "nothing"),
    Operator("at_least", "at least", "count", "many"),
    Operator("exactly", "exactly", "count", "count"),
    Operator("at_most", "at most", "count", "count"),
    Operator("sum", "the sum of", "measure", "measure"),
    Operator("average", "the average of", "measure", "measure"),
    Operator("smallest", "the smallest", "measure", "measure"),
    Operator("largest", "the largest", "measure", "measure"),
    Operator("newest", "the newest", "measure", "measure"),
    Operator("oldest", "the oldest", "measure", "measure"),
)
_CHANCE = (Operator("below", "a stable random share of", "below", "chance"),)
_CONSTANT = (
    Operator("everyone", "everyone", "constant"),
    Operator("nobody", "nobody", "constant", negative=True),
)

BESIDE_PROPERTIES: dict[str, tuple[Operator, ...]] = {
    SEGMENTS: _SEGMENTS,
    ACTIVITY: _ACTIVITY,
    RECORDS: _RECORDS,
    CHANCE: _CHANCE,
    CONSTANT: _CONSTANT,
}
