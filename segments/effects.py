"""What a change of a segment does to people, as it is told: who gains what, who loses what, and whether it is much."""

from dataclasses import dataclass, field
from typing import NamedTuple

from segments.moving import NOBODY, Some


class Words(NamedTuple):
    """For one person and for several, on gaining and on losing."""

    gains: str
    gain: str
    loses: str
    lose: str


GATE = Words("gains", "gain", "loses", "lose")
MAY = Words("may", "may", "may no longer", "may no longer")
SEES = Words("sees", "see", "no longer sees", "no longer see")
HEARS = Words("hears of", "hear of", "hears no more of", "hear no more of")


@dataclass(frozen=True)
class Effect:
    what: str
    words: Words
    icon: str = "lock"
    url: str = ""
    gained: Some = NOBODY
    lost: Some = NOBODY
    note: str = ""  # on losing

    @property
    def gaining(self) -> str:
        return self.words.gains if self.gained.count == 1 else self.words.gain

    @property
    def losing(self) -> str:
        return self.words.loses if self.lost.count == 1 else self.words.lose


@dataclass(frozen=True)
class Consequences:
    joins: Some = NOBODY
    leaves: Some = NOBODY
    effects: list[Effect] = field(default_factory=list)
    size: int = 0  # members now
    about: bool = False  # more people move than are looked at

    @property
    def gains(self) -> list[Effect]:
        return [one for one in self.effects if one.gained.count]

    @property
    def losses(self) -> list[Effect]:
        return [one for one in self.effects if one.lost.count]

    @property
    def large(self) -> bool:
        """Whether somebody should say that it is meant: as many leave as would stop a sync, or very many people
        lose something, or a segment that opens something more than doubles.
        """
        most_leave = self.leaves.count >= 20 and self.leaves.count > 0.3 * self.size
        most_lost = max((one.lost.count for one in self.losses), default=0)
        doubles = self.joins.count >= max(100, self.size) and bool(self.gains)
        return most_leave or most_lost >= 100 or doubles
