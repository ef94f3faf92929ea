"""What was: who was in a segment when, how it grew, how people move through several of them."""
