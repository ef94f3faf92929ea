"""Hand-picked members from files, and segments that change their kind."""
