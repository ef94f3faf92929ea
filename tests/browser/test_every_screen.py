"""Every screen of Settings and of the portal, held to WCAG 2.2 AA, by a table that no new route stays out of.

The walker's table names the objects in each address. Each is asked for by everybody who could see it differently,
each form is sent empty, and what comes back as a page is opened at two widths in both themes.
"""

import uuid

import pytest
from django.urls import reverse

from portal.deals.models import AttributedRecord
from portal.experiences.models import Experience, Section, Tab
from portal.quotes.models import Product, Quote
from segments.models import Segment
from tests.browser.screens import Screen, ask, faults, is_screen
from tests.conftest import make_contact, make_member, make_partner
from tests.test_walker import PRESSED, ROUTES
from tests.walker_objects import everything
from workspaces.models import Contact, Partner, Property
from workspaces.tenancy import workspace_transaction

# Routes of the table that answer a GET with something else than a page. What only takes posts is none of them.
NO_SCREEN = {
    "settings:search": "a fragment of the palette",
    "settings:crm_answer": "the way back from a CRM's own sign-in page",
    "settings:partners-export": "a file",
    "settings:contacts-export": "a file",
    "settings:deals-export": "a file",
    "settings:leads-export": "a file",
    "settings:segment-members-export": "a file",
    "settings:segment-member-file-rest": "a file",
    "settings:segment-member-files": "there for static lists alone, and this segment has a rule",
    "settings:partner_logo": "a file",
    "partner:profile_logo_file": "a file",
    "partner:profile_states": "a fragment",
    "partner:tabs": "a fragment",
    "partner:events": "a stream",
    "partner:notification_bell": "a fragment",
}
LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
# What is asked for beside each address as it stands.
QUERIES = {
    "settings:partners": ["q=nothing-is-called-that"],
    "settings:contacts": ["q=nothing-is-called-that"],
    "settings:segments": ["q=nothing-is-called-that", "archived=1"],
    "settings:properties": ["q=nothing-is-called-that", "level=contact"],
    "settings:new-property": ["level=contact"],
    "settings:deals": ["q=nothing-is-called-that", "state=archived"],
    "settings:leads": ["q=nothing-is-called-that"],
    "settings:quotes": ["q=nothing-is-called-that"],
    "settings:products": ["q=nothing-is-called-that"],
    "settings:experience_preview": ["q=nothing-is-called-that"],
    "partner:deals": ["q=nothing-is-called-that"],
    "partner:leads": ["q=nothing-is-called-that"],
    "partner:quotes": ["q=nothing-is-called-that"],
}
# Forms carry a token, so that not even an empty one is sent as nothing at all.
EMPTY = {"csrfmiddlewaretoken": "-"}
# Posts that end on a page of their own; every other form is sent empty.
SENT = {
    "settings:partner-values": {"version": "0", "name": "Changed meanwhile"},
    "settings:contact-values": {"version": "0", "name": "Changed meanwhile", "email": "eve@example.com"},
    "settings:team-invite": {"email": "not an address"},
    "settings:new-segment": {"name": "", "save": "1"},
    "settings:segment": {"name": "", "save": "1"},
    "partner:new_quote": {"save": "1", "form_key": str(uuid.uuid4())},
    "partner:quote_draft": {"save": "1", "version": "0", "customer": "Changed meanwhile", "currency": "EUR"},
    "partner:profile": {"website": "no address", "was-website": "another", "confirmed": "1"},
}


@pytest.fixture
def objects(globex, otto, eve, settings, tmp_path):
    """One of everything at globex, under names as long as they get."""
    settings.MEDIA_ROOT = tmp_path
    with workspace_transaction(globex):
        objects = everything()
        for model in (Partner, Contact, Segment, Experience, Product, AttributedRecord):
            model.objects.update(name=LONG)
        for model, field in ((Tab, "title"), (Section, "title"), (Quote, "customer"), (Property, "label")):
            model.objects.update(**{field: LONG[: model._meta.get_field(field).max_length]})
    return objects


def addresses(face, slug, objects):
    for name, kinds in ROUTES.items():
        if name.startswith(face) and set(kinds) <= set(objects):
            yield name, f"/{slug}" + reverse(name, args=[objects[kind] for kind in kinds])


def screens(client, face, slug, objects, *, sending=True):
    """What each address answers, and the names of those that answered with no page though they could be read."""
    found, others = [], set()
    for name, address in addresses(face, slug, objects):
        answers = {"": ask(client, address)}
        answers |= {f"?{query}": ask(client, f"{address}?{query}") for query in QUERIES.get(name, [])}
        if sending:
            answers[" sent"] = ask(client, address, {**EMPTY, **PRESSED.get(name, {}), **SENT.get(name, {})})
        found += [
            Screen.of(f"{name}{how}", a)
            for how, a in answers.items()
            if is_screen(a) and a.status_code != 405
        ]
        if answers[""].status_code != 405 and not (is_screen(answers[""]) and answers[""].status_code == 200):
            others.add(name)
    return found, others


@pytest.mark.parametrize(("face", "person"), [("settings:", "otto"), ("partner:", "eve")])
def test_every_screen_is_accessible_in_every_look(browser, objects, as_user, request, face, person):
    client = as_user(request.getfixturevalue(person))
    found, others = screens(client, face, "globex", objects)
    assert others == {name for name in NO_SCREEN if name.startswith(face)}, (
        "NO_SCREEN names what is no page, and why"
    )
    lost = ask(client, f"/globex/{'settings/' if face == 'settings:' else ''}nothing/")
    assert (lost.status_code, is_screen(lost)) == (404, True)
    found_wrong = faults(browser, [*found, Screen.of("nothing here", lost)])
    assert not found_wrong, "\n".join(found_wrong)


def test_what_a_viewer_may_only_read_is_accessible(browser, globex, objects, as_user):
    found, _ = screens(
        as_user(make_member(globex, "vera", "viewer")), "settings:", "globex", objects, sending=False
    )
    locked = [screen for screen in found if b" disabled" in screen.body]
    assert {"settings:roles", "settings:quote_rules", "settings:profile"} <= {
        screen.name for screen in locked
    }
    found_wrong = faults(browser, locked)
    assert not found_wrong, "\n".join(found_wrong)


@pytest.mark.parametrize("face", ["settings:", "partner:"])
def test_the_first_day_is_accessible(browser, acme, as_user, face):
    """A workspace in which there is nothing yet, but its owner and one contact."""
    owner = make_member(acme, "olga", "owner")
    contact = make_contact(acme, "cora", make_partner(acme, "First"))
    found, _ = screens(as_user(owner if face == "settings:" else contact), face, "acme", {}, sending=False)
    empty = [screen for screen in found if b'class="empty' in screen.body or screen.name.endswith("home")]
    assert {f"{face}home", f"{face}quotes"} <= {screen.name for screen in empty}
    found_wrong = faults(browser, empty)
    assert not found_wrong, "\n".join(found_wrong)
