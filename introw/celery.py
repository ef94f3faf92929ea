"""Celery is the doorbell: it says that work waits. What the work is stands in PostgreSQL."""

import os

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "introw.settings")

app = Celery("introw")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def _announce(**details):
    from workspaces.management.commands.relay import announce_worker  # not before Django is set up

    announce_worker()
