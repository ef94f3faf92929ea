"""One of everything at globex, for the walk to reach for from acme. Every maker runs inside globex's transaction."""

import io
import uuid
from datetime import timedelta
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from crm_sync.connecting.accounts import connect_hubspot
from crm_sync.connectors.base import CrmField, FieldOption
from crm_sync.mapping.fields import map_field
from crm_sync.models import (
    Conflict,
    CountedChange,
    CrmUser,
    ExternalRecord,
    InboxEvent,
    MassChange,
    OutboxChange,
    OutboxRecord,
    Sampling,
    SyncJob,
)
from portal.access import viewing
from portal.deals import attributed
from portal.deals import collaborators as deal_collaborators
from portal.experiences import editing as experience_editing
from portal.experiences import publishing
from portal.experiences.models import Experience
from portal.notifications import colleagues
from portal.notifications.models import Event, Notice
from portal.profile import logos
from portal.profile.models import ProfileLayout
from portal.quotes import collaborators, drafts
from portal.quotes.models import Product
from segments import editing as segment_editing
from segments.engine import exceptions
from segments.models import Hold, MemberFile, Segment
from segments.rules.tree import new_tree
from segments.versions import scheduling
from workspaces.actors import SYSTEM
from workspaces.models import Contact, TeamMember
from workspaces.properties import create_contact, properties_of


def everything():
    """What there is to reach for: kind → the id that stands in addresses."""
    contact = Contact.objects.select_related("partner").get()
    partner = contact.partner
    found = {"partner": partner.pk, "contact": contact.pk, "member": TeamMember.objects.get().pk}
    found["property"] = properties_of("partner")["tier"].pk
    found["viewing"] = viewing.begin(contact, member=TeamMember.objects.get(), reason="A walk").pk
    found |= _segment(partner) | _experience() | _quotes(contact) | _profile(partner) | _connection(partner)
    return found | _notice(contact) | _deals(partner, Contact.objects.get(pk=found["colleague"]))


def _segment(partner):
    tier = properties_of("partner")["tier"].number
    condition = {"p": tier, "of": "self", "op": "is_any_of", "v": ["gold"]}
    segment = segment_editing.create(
        level="partner",
        kind=Segment.Kind.DYNAMIC,
        name="Secret",
        tree=new_tree("partner", condition),
        by=SYSTEM,
    )
    later = scheduling.schedule(
        segment, tree=segment.builds.get().tree, at=timezone.now() + timedelta(days=1), by=SYSTEM
    )
    file = MemberFile.objects.create(segment=segment, name="secret.csv")
    one = exceptions.set_exception(segment, partner, included=False, reason="Secret", by=SYSTEM)
    hold = Hold.objects.create(segment=segment, size=60, left=20, caused_by="Secret")
    found = {"segment": segment.pk, "build": segment.builds.get().pk, "exception": one.pk, "hold": hold.pk}
    return found | {"scheduled_change": later.pk, "member_file": file.pk}


def _experience():
    experience = experience_editing.create_experience(name="Secret portal", by=SYSTEM)
    experience = Experience.objects.get(pk=experience.pk)
    publication = publishing.publish(experience, seen=experience.draft_number, by=SYSTEM)
    tab = experience.tabs.draft().get()
    section = tab.sections.get()
    gate = section.audience_id
    return {
        "experience": experience.pk,
        "tab": tab.key,
        "section": section.key,
        "gate": gate,
        "publication": publication.pk,
    }


def _quotes(contact):
    product = Product.objects.create(name="Secret product", unit_price=Decimal(5), currency="EUR")
    line = {
        "pk": None,
        "product": product,
        "title": "x",
        "quantity": Decimal(1),
        "unit_price": Decimal(5),
        "discount": Decimal(0),
    }
    head = {"customer": "Secret customer", "currency": "EUR", "note": ""}
    quote = drafts.create_quote(by=contact, form_key=uuid.uuid4(), head=head, lines=[line])
    colleague = create_contact(contact.partner, {"email": "colleague@example.com"}, by=SYSTEM)
    collaborators.add(quote, colleague, by=contact)
    return {"product": product.pk, "quote": quote.pk, "colleague": colleague.pk}


def _notice(contact):
    event = Event.objects.create(
        kind=colleagues.INVITED,
        subject_id=contact.pk,
        partner=contact.partner,
        key="x",
        handled_at=timezone.now(),
    )
    notice = Notice.objects.create(event=event, contact=contact, kind=event.kind, at=event.at)
    return {"notice": notice.pk}


def _deals(partner, colleague):
    """A deal and a lead, and the colleague on both."""
    made = {
        level: attributed.create(level, {"name": f"Secret {level}"}, partner=partner, by=SYSTEM)
        for level in ("deal", "lead")
    }
    for record in made.values():
        deal_collaborators.add(record, colleague, by=SYSTEM)
    return {level: record.pk for level, record in made.items()}


def _profile(partner):
    """With a logo, whose address carries a version of it."""
    layout = ProfileLayout.ensure()
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "PNG")
    logos.set_logo(partner, logos.redraw(SimpleUploadedFile("logo.png", picture.getvalue())))
    return {
        "shown_property": layout.fields.get(prop__key="website").prop_id,
        "logo": logos.version_of(partner),
    }


def _connection(partner):
    connection = connect_hubspot(account="999", app="99", token="t", secret="s", by=SYSTEM)
    field = CrmField(name="website", label="Website", type="string", widget="text")
    prop = properties_of("partner")["website"]
    mapping = map_field(connection, object_type="company", field=field, prop=prop, direction="both")
    offered = (FieldOption("t1", "Tier one"),)
    tiers = CrmField(name="tier", label="Tier", type="enumeration", widget="select", options=offered)
    tier = properties_of("partner")["tier"]
    matched = map_field(connection, object_type="company", field=tiers, prop=tier, direction="in")
    values = {"website": "https://x.example", "tier": "t1"}
    Sampling.objects.create(
        connection=connection,
        object_type="company",
        records=[
            {"id": "1", "name": "X", "values": values},
            {"id": "2", "name": "Y", "values": {"tier": "t9"}},
        ],
    )
    made = OutboxRecord.objects.create(
        connection=connection,
        object_type="company",
        record_id=partner.pk,
        name="X",
        key="x",
        state="parked",
        message="Refused.",
    )
    link = ExternalRecord.objects.create(
        connection=connection, object_type="company", external_id="1", partner=partner
    )
    event = InboxEvent.objects.create(connection=connection, fingerprint="f", kind="x", object_type="company")
    change = OutboxChange.objects.create(link=link, mapping=mapping, value="https://x.example")
    refused = OutboxChange.objects.create(
        link=link, mapping=mapping, value="y", state="parked", message="No."
    )
    about = {"connection": connection, "way": "in", "mapping": mapping}
    mass_change = MassChange.objects.create(**about, object_type="company", size=90, through=27)
    CountedChange.objects.create(**about, link=link, before="https://x.example", held_by=mass_change)
    return {
        "connection": connection.pk,
        "mapping": mapping.pk,
        "choice_mapping": matched.pk,
        "made_here": made.pk,
        "crm_making_act": "again",
        "crm_user": CrmUser.objects.create(connection=connection, external_id="7", name="Noor").pk,
        "link": link.pk,
        "event": event.pk,
        "change": change.pk,
        "refused_change": refused.pk,
        "job": SyncJob.objects.create(connection=connection, kind="backfill", object_type="company").pk,
        "conflict": Conflict.objects.create(connection=connection, link=link, mapping=mapping).pk,
        "mass_change": mass_change.pk,
        "crm_object": "company",
        "crm_act": "cancel",
        "crm_way": "out",
    }
