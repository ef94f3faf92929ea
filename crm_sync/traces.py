"""What a log says of an error that may be about a person."""

import traceback
from pathlib import Path

FRAMES = 8


def of(error: BaseException) -> str:
    """As what it failed, and where. Not its words: a database's and a library's own hold people's values."""
    frames = traceback.extract_tb(error.__traceback__)[-FRAMES:]
    places = [f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in reversed(frames)]
    return f"{type(error).__name__} at {', called by '.join(places)}"
