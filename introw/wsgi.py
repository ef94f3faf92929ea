"""The pages, for the web entry in asgi.py and for any WSGI server."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "introw.settings")

application = get_wsgi_application()
