"""What a sync would have taken: the banner that says so, who is held, and the two decisions."""
