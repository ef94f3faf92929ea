"""What segments cost in a large workspace. Every part prints its bar; `--only change,publish` runs some of them."""

from collections.abc import Callable, Iterable, Iterator

from segments.benchmarks import changes, peers, population, publishing, reading, time_passing, writers
from segments.benchmarks.crowd import Crowd
from workspaces.measuring import Figure, benchmark

PARTS: dict[str, Callable[[Crowd], Iterator[Figure]]] = {
    "change": changes.figures,
    "publish": publishing.figures,
    "read": reading.figures,
    "time": time_passing.figures,
    "everything": publishing.everything,
    "peers": peers.figures,
    "writers": writers.figures,
}


@benchmark("segments", segments=1000, partners=500, contacts=10_000, only=())
def segments(segments: int, partners: int, contacts: int, only: Iterable[str]) -> Iterator[Figure]:
    """Changes, publishing, reading, time and peers over many rules."""
    workspace = population.workspace(contacts=contacts, partners=partners, segments=segments)
    crowd = Crowd(workspace)
    for name in only or PARTS:
        yield from PARTS[name](crowd)
