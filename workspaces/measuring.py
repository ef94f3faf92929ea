"""Benchmarks: how each app measures itself, and what a figure carries with it. Run by `manage.py bench`."""

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

REGISTRY: dict[str, "Benchmark"] = {}


@dataclass
class Figure:
    """One measured thing. `bar` is what it should hold: a limit with `at_most`, a floor without."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    at_most: bool = True
    note: str = ""

    @property
    def holds(self):
        if self.bar is None:
            return None
        return self.value <= self.bar if self.at_most else self.value >= self.bar

    as_dict = asdict


@dataclass
class Benchmark:
    name: str
    run: Callable[..., list[Figure]]
    sizes: dict[str, int] = field(default_factory=dict)
    about: str = ""


def benchmark(name, **sizes):
    """Registers a function that measures and returns figures; `sizes` are its keyword arguments' defaults."""

    def register(function):
        REGISTRY[name] = Benchmark(name, function, sizes, (function.__doc__ or "").strip().split("\n")[0])
        return function

    return register


def percentile(samples, percent):
    """The nearest-rank percentile."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)]


def timed(work, *, times, warm_up=3):
    """Milliseconds of each of `times` calls, after some that are not counted."""
    for _ in range(warm_up):
        work()
    samples = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        samples.append((time.perf_counter() - started) * 1000)
    return samples


def reference_loop():
    """Milliseconds of CPU for a fixed piece of work: tells a slow machine from slow code."""
    started = time.process_time()
    total = 0
    for number in range(2_000_000):
        total += number % 7
    return (time.process_time() - started) * 1000
