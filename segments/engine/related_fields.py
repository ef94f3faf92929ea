"""What rules may ask beside the subject itself: its related records, and what it did."""

from collections.abc import Mapping

from segments.engine.activity_kinds import KINDS
from segments.engine.record_sources import GROUP, SOURCES, Properties
from segments.rules.fields import RECORDS, Field, Fields


def offered(sides: Mapping[str, str], *, options: bool) -> list[Field]:
    """`sides`: whose level stands on which side. With `options` also what there is to choose from."""
    records = [
        Field(source.place, side, source.key, source.label, RECORDS, group=GROUP, one=source.one)
        for side, level in sides.items()
        for source in SOURCES.values()
        if level in source.owners
    ]
    return records + [kind.field(side, options=options) for side in sides for kind in KINDS.values()]


def of_records(properties: Properties, like: Fields, *, options: bool) -> dict[str, Fields]:
    """What may be asked of each record, by kind."""
    return {key: source.fields(like, properties, options=options) for key, source in SOURCES.items()}
