"""The storm of webhooks in small: `bin/run manage.py bench crm-storm --size events=100000` is the whole of it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes
ROOT = Path(__file__).parents[2]
SIZES = ["events=300", "kills=3", "companies=40", "lease=2"]


def test_a_small_storm_leaves_both_sides_equal_and_nothing_undone():
    command = [sys.executable, "manage.py", "bench", "crm-storm", "--unstored", "--throw-away"]
    command += [part for size in SIZES for part in ("--size", size)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("DATABASE_")}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("holds") == 5, done.stdout
    assert "MISSED" not in done.stdout, done.stdout
