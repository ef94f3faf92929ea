"""For load balancers and container engines: is the process alive, and can it serve."""

import threading

from django.core.exceptions import ImproperlyConfigured
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from workspaces.access import public_view

ROLE = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
seen_migrated = threading.Event()


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked, so that a database that is away restarts no one."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """The process can serve pages."""
    problem = first_problem()
    text = f"not ready: {problem}\n" if problem else "ready\n"
    return HttpResponse(text, status=503 if problem else 200, content_type="text/plain; charset=utf-8")


def first_problem() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute(ROLE)
            (above_the_walls,) = cursor.fetchone()
        if above_the_walls:
            return "row-level security does not bind the database role"
        if not migrated():
            return "migrations are waiting"
    except ImproperlyConfigured as error:
        return str(error)
    except Error:
        return "the database is away"
    return ""


def migrated() -> bool:
    # Once true it stays true for this process: its code does not change.
    if not seen_migrated.is_set():
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            seen_migrated.set()
    return seen_migrated.is_set()


urlpatterns = [path("healthz", public_view(healthz)), path("readyz", public_view(readyz))]
