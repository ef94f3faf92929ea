"""The rules that imports cannot show."""

import ast
import re
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.urls import URLPattern, get_resolver

from workspaces.models import Due, HookRoute, PersonAccess, User, Workspace
from workspaces.permissions import PERMISSIONS
from workspaces.tenancy import WorkspaceModel

ROOT = Path(settings.BASE_DIR)
STACK = ["workspaces", "segments", "portal", "crm_sync", "introw"]
GLOBAL = {Workspace, User, PersonAccess, HookRoute, Due}
OURS = [model for model in apps.get_models() if model.__module__.split(".")[0] in STACK]


def layer(model):
    return STACK.index(model.__module__.split(".")[0])


def views(resolver=None, prefix=""):
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern), entry.callback
        else:
            yield from views(entry, prefix + str(entry.pattern))


def sources():
    for app in STACK:
        yield from (p for p in (ROOT / app).rglob("*.py") if "migrations" not in p.parts)


def test_references_point_down_the_stack():
    upward = [
        f"{model._meta.label}.{field.name}"
        for model in OURS
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created and field.related_model in OURS
        if layer(field.related_model) > layer(model)
    ]
    assert upward == []


def test_every_model_belongs_to_a_workspace_or_is_named_as_global():
    assert {model for model in OURS if not issubclass(model, WorkspaceModel)} == GLOBAL


def test_every_manager_asks_for_the_workspace():
    from workspaces.tenancy import WorkspaceManager

    loose = [m._meta.label for m in OURS if m not in GLOBAL and not isinstance(m.objects, WorkspaceManager)]
    assert loose == []


def test_every_view_says_who_may_open_it():
    silent = [
        path
        for path, view in views()
        if not hasattr(view, "access") and not view.__module__.startswith(("allauth.", "django.views"))
    ]
    assert silent == []


def test_every_settings_view_names_a_known_permission():
    named = {
        view.access.partition(":")[2]
        for _, view in views()
        if getattr(view, "access", "").startswith("settings:")
    }
    assert named - PERMISSIONS == set()


# Who may pass the first wall by, and how often. Row-level security still binds them all.
UNGUARDED = {"workspaces/tenancy.py": 2}


def test_nobody_passes_the_manager_by():
    found = {}
    for path in sources():
        if count := len(re.findall(r"\bunguarded\b|_base_manager", path.read_text())):
            found[str(path.relative_to(ROOT))] = count
    assert found == UNGUARDED


def test_property_values_are_written_in_one_place():
    """No other module assigns into a record's documents."""
    writers = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text())):
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            for target in targets:
                inner = target.value if isinstance(target, ast.Subscript) else target
                if isinstance(inner, ast.Attribute) and inner.attr in {"raw", "norm", "set_at"}:
                    writers.add(str(path.relative_to(ROOT)))
    assert writers <= {"workspaces/properties.py"}, writers


def test_templates_keep_to_the_content_security_policy():
    """No inline style, script or handler: the browser would refuse it, and a person would see a broken page."""
    offences = []
    for path in (ROOT / "templates").rglob("*.html"):
        text = re.sub(r"\{#.*?#\}|\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(), flags=re.S)
        if path.parent.name == "emails" or path.name == "email.html":
            continue  # mail programs know nothing but inline style
        for pattern in (
            r"\sstyle=",
            r"\son[a-z]+=",
            r"<script(?![^>]*(nonce|type=\"application/json\"))",
            r"\|safe\b",
        ):
            offences += [f"{path.relative_to(ROOT)}: {m.group(0)}" for m in re.finditer(pattern, text)]
    assert offences == []


def test_every_htmx_element_carries_the_nonce():
    pattern = re.compile(r"<[a-z][^>]*?\shx-(?:get|post|put|patch|delete|trigger|sse)[^>]*>")
    missing = [
        f"{path.relative_to(ROOT)}: {tag.group(0)[:80]}"
        for path in (ROOT / "templates").rglob("*.html")
        for tag in pattern.finditer(path.read_text())
        if "{% hx %}" not in tag.group(0)
    ]
    assert missing == []


def test_htmx_begins_with_its_extensions():
    """It starts by itself as soon as the document is there: between two deferred scripts, without the later one."""
    base = (ROOT / "templates/layouts/base.html").read_text()
    scripts = re.findall(r"<script[^>]*vendor/htmx/[^>]*>", base)
    assert len(scripts) == 3
    assert [script for script in scripts if re.search(r"\b(defer|async|module)\b", script)] == []
