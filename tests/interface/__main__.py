"""Shows every component: `.venv/bin/python -m tests.interface`, then open the address."""

import os
from wsgiref.simple_server import make_server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "introw.settings")

import django
from django.conf import settings

django.setup()

from django.contrib.staticfiles.handlers import StaticFilesHandler  # noqa: E402
from django.core.handlers.wsgi import WSGIHandler  # noqa: E402

settings.ROOT_URLCONF = "tests.interface.gallery"
settings.MIDDLEWARE = ["django.middleware.csp.ContentSecurityPolicyMiddleware"]
server = make_server("127.0.0.1", 0, StaticFilesHandler(WSGIHandler()))
print(f"http://127.0.0.1:{server.server_port}/gallery/ /portal/ /sign-in/ /404/", flush=True)
server.serve_forever()
