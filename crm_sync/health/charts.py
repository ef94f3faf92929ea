"""The two drawings of the health page, as numbers that a template prints into SVG."""

from dataclasses import dataclass, field

from crm_sync.health.figures import Hour

WIDTH, LEFT, TOP, BOTTOM = 520, 34, 12, 128
STEP = (WIDTH - LEFT - 4) / 24
BAR = 14
NICE = (1, 2, 3, 5)


@dataclass
class Bar:
    x: str
    y: str
    height: str
    bad: bool = False


@dataclass
class Chart:
    """Grid lines as (y, label), hour marks as (x, label, anchor), and either a line or bars."""

    grid: list[tuple[str, str]]
    marks: list[tuple[str, str, str]]
    path: str = ""  # a piece for each run of hours in which something was measured
    end: tuple[str, str] = ("", "")
    bars: list[Bar] = field(default_factory=list)


def lag_chart(hours: list[Hour]) -> Chart:
    """Hours in which nothing was measured leave a gap: that is not the same as no lag."""
    top = _top(max((hour.worst for hour in hours if hour.worst is not None), default=0))
    chart = Chart(_grid(top), _marks(hours))
    before = None
    for n, hour in enumerate(hours):
        if hour.worst is not None:
            chart.end = (f"{_middle(n):.1f}", f"{_y(hour.worst, top):.1f}")
            chart.path += f"{'M' if before is None else 'L'}{' '.join(chart.end)}"
            if before is None:
                chart.path += "h0"  # a dot, where no other hour follows
        before = hour.worst
    return chart


def changes_chart(hours: list[Hour]) -> Chart:
    top = _top(max(hour.changes + hour.failed for hour in hours))
    bars = []
    for n, hour in enumerate(hours):
        x = _middle(n) - BAR / 2
        bars.append(_bar(x, 0, hour.changes, top))
        bars.append(_bar(x, hour.changes, hour.changes + hour.failed, top, bad=True))
    return Chart(_grid(top), _marks(hours), bars=[bar for bar in bars if float(bar.height) > 0])


def _bar(x: float, low: float, high: float, top: float, *, bad: bool = False) -> Bar:
    y = _y(high, top)
    return Bar(f"{x:.1f}", f"{y:.1f}", f"{_y(low, top) - y:.1f}", bad)


def _middle(n: int) -> float:
    return LEFT + 3 + STEP * n + STEP / 2


def _y(value: float, top: float) -> float:
    return BOTTOM - (BOTTOM - TOP) * value / top


def _top(highest: float) -> float:
    """The next round number above."""
    size = 1.0
    while True:
        for step in NICE:
            if highest <= step * size:
                return step * size
        size *= 10


def _grid(top: float) -> list[tuple[str, str]]:
    return [(f"{_y(value, top):.1f}", f"{value:g}") for value in (0, top / 2, top)]


def _marks(hours: list[Hour]) -> list[tuple[str, str, str]]:
    """Every sixth hour. A label at either end stays within the drawing: it begins there, or ends there."""
    last = len(hours) - 1
    return [
        (f"{_middle(n):.1f}", f"{hour.at:%H:%M}", "" if n == 0 else "e" if n == last else "m")
        for n, hour in enumerate(hours)
        if hour.at.hour % 6 == 0
    ]
