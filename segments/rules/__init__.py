"""The rule language of segments: plain Python, without Django and without a database connection."""
