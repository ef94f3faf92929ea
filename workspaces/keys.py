"""Primary keys: UUID version 7 (RFC 9562 §5.7): ordered by time of making, unique without asking anyone."""

import secrets
import time
import uuid


def uuid7():
    """48 bits of Unix milliseconds, 12 bits of the millisecond's fraction, 62 random bits."""
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = (rest << 12) // 1_000_000
    value = (
        (milliseconds & (2**48 - 1)) << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    )
    return uuid.UUID(int=value)


def chunk_of(key):
    """The engine's chunk (0–127) of a subject. The last bits of a version 7 key are random."""
    return key.int & 127
