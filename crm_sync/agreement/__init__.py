"""What both sides agreed on, where they differ, and asking either side again."""
