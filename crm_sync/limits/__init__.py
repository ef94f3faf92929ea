"""What becomes of work that cannot be done now."""
