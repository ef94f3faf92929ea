"""Everything that can go wrong with a CRM, on demand. The same switches for every stand-in."""

import threading
import time
from collections import deque
from dataclasses import dataclass, field


@dataclass
class Trouble:
    """How the next calls of the API fail."""

    count: int = 0
    status: int = 500  # 0: the connection breaks in the middle of the answer
    retry_after: str = ""
    policy: str = "TEN_SECONDLY_ROLLING"
    only: str = ""  # a part of the address
    after_writing: bool = False  # do it, then fail: the caller cannot know
    body: str = ""  # instead of the CRM's own words

    def strikes(self, path: str) -> bool:
        if self.count < 1 or self.only not in path:
            return False
        self.count -= 1
        return True


@dataclass
class Burst:
    """So many calls in so many seconds; 0 calls: no limit."""

    most: int = 0
    seconds: float = 10.0
    _times: deque[float] = field(default_factory=deque)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def allows(self) -> bool:
        if not self.most:
            return True
        with self._lock:
            now = time.monotonic()
            while self._times and self._times[0] <= now - self.seconds:
                self._times.popleft()
            if len(self._times) >= self.most:
                return False
            self._times.append(now)
            return True

    @property
    def left(self) -> int:
        return max(0, self.most - len(self._times))
