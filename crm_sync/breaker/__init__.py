"""Changes of so many records at once that a person is asked first."""
