"""Looks at many records at once: the first import, dry runs, and what webhooks forgot to tell."""
