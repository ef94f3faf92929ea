"""The drawing of a segment's size over time. Places are text already, so that no locale puts a comma into them."""

from dataclasses import dataclass
from datetime import date

from segments.history.trend import Day

WIDTH, HEIGHT = 720, 180
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 14, 24
STEPS = (1, 2, 5)


@dataclass(frozen=True)
class Tick:
    value: int
    y: str


@dataclass(frozen=True)
class Chart:
    line: str
    area: str
    end: tuple[str, str]
    ticks: list[Tick]
    dates: list[tuple[str, date, str]]  # x, the day, where its label is anchored
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT


def draw(days: list[Day]) -> Chart | None:
    """None where there is no line yet: a single day is a point."""
    if len(days) < 2:
        return None
    top = _ceiling(max(day.size for day in days))
    xs = [f"{LEFT + i * (WIDTH - LEFT - RIGHT) / (len(days) - 1):.1f}" for i in range(len(days))]
    ys = [_y(day.size, top) for day in days]
    line = "M" + " ".join(f"{x} {y}" for x, y in zip(xs, ys, strict=True))
    middle = len(days) // 2
    dates = [(xs[0], days[0].day, "")]
    if len(days) > 4:
        dates.append((xs[middle], days[middle].day, "m"))
    dates.append((xs[-1], days[-1].day, "e"))
    return Chart(
        line=line,
        area=f"{line} V{HEIGHT - BOTTOM} H{xs[0]} Z",
        end=(xs[-1], ys[-1]),
        ticks=[Tick(value, _y(value, top)) for value in _values(top)],
        dates=dates,
    )


def _y(value: int, top: int) -> str:
    return f"{HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM) / top:.1f}"


def _ceiling(largest: int) -> int:
    """The next round number: 1, 2 or 5 times a power of ten."""
    scale = 1
    while True:
        for step in STEPS:
            if step * scale >= max(largest, 4):
                return step * scale
        scale *= 10


def _values(top: int) -> list[int]:
    parts = 5 if top % 5 == 0 else 4 if top % 4 == 0 else 2
    return [top * part // parts for part in range(parts + 1)]
