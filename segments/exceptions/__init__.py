"""The screens of exceptions: on a segment's page, and on those of a partner or contact."""
