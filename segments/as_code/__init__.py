"""Segments as YAML documents: written out, compared with what there is, and applied."""
