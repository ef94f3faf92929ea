"""Celery is the doorbell: it says that work waits. What the work is stands in PostgreSQL."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "introw.settings")

app = Celery("introw")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
