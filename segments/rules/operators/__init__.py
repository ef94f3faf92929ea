"""The operators, by type of field. A negative operator is a positive test plus "not", so that both
compilers know one test for the two.
"""

from segments.rules.fields import Field, Fields
from segments.rules.operators.beside import BESIDE_PROPERTIES
from segments.rules.operators.definition import CLOCK_UNITS, DAY_UNITS, FISCAL_UNITS, Operator
from segments.rules.operators.of_properties import OF_PROPERTIES

__all__ = ["CLOCK_UNITS", "DAY_UNITS", "FISCAL_UNITS", "MEASURES", "OPERATORS", "WITHIN_RECORDS", "Operator"]

OPERATORS = {
    type: {operator.name: operator for operator in known}
    for type, known in (OF_PROPERTIES | BESIDE_PROPERTIES).items()
}
# Among records a property has no history and no time of its own.
WITHIN_RECORDS = {"value", "length", "day"}
# What the smallest, the newest … of records can be compared with.
MEASURES = {
    "sum": {"number", "money"},
    "average": {"number", "money"},
    "smallest": {"number", "money"},
    "largest": {"number", "money"},
    "newest": {"date", "datetime"},
    "oldest": {"date", "datetime"},
}


def offered(field: Field, fields: Fields) -> list[Operator]:
    """What a condition on the field can be."""
    known = OPERATORS[field.type].values()
    if fields.among_records:
        return [one for one in known if one.reads in WITHIN_RECORDS] if field.is_property else []
    return [one for one in known if fields.keeps_history or one.reads != "history"]


def named(type: str, name: str) -> Operator:
    """The operator of a valid condition."""
    return OPERATORS[type][name]


def operator(type: str, name: object) -> Operator | None:
    return OPERATORS.get(type, {}).get(name) if isinstance(name, str) else None
