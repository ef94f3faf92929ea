"""What a segment's rule was, how two of them differ, an old one again, and one for later."""
