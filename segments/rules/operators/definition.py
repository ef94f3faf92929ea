"""What a comparison is."""

from dataclasses import dataclass

DAY_UNITS = ("day", "week", "month", "quarter", "year")
CLOCK_UNITS = ("minute", "hour")
FISCAL_UNITS = ("fiscal_quarter", "fiscal_year")


@dataclass(frozen=True, slots=True)
class Operator:
    """`test` is what the compilers know, `takes` the form of the value, `words` what people read.

    `reads` says what of the property is tested: its value, its value as it was typed, something worked out from
    it, when it was last set, or its history.
    """

    name: str
    words: str
    test: str
    takes: str = "nothing"
    negative: bool = False
    reads: str = "value"

    @property
    def asks_about_blank(self) -> bool:
        """Whether the rule may say what happens where there is no value."""
        return self.test not in _NEVER_BLANK and self.reads in _MAY_BE_BLANK


_MAY_BE_BLANK = {"value", "raw", "length", "version", "day", "time"}
_NEVER_BLANK = {
    "known",
    "constant",
    "below",
    "times",
    "first_or_last",
    "excepted",
    "count",
    "all",
    "measure",
    "in_any",
    "in_all",
    "in_none",
}
