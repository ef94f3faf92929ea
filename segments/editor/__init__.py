"""The page on which a segment is made and changed, with its live preview."""
