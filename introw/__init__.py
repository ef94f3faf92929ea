"""The project: wires the apps together. Nothing imports it."""

from introw.celery import app as celery_app

__all__ = ["celery_app"]
