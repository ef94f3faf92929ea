"""Loads the demo workspaces, where they are not there yet."""

import json
from pathlib import Path

from django.core.management.base import BaseCommand
from django.utils import timezone

from introw.seeds import deals, fjordlight, hubspot, hubspot_deals, northwind, planting, salesforce
from introw.seeds.workspaces import FED_BUILT_IN, NORTHWIND_PROPERTIES
from segments.permissions import set_permissions
from workspaces import jobs
from workspaces.actors import Actor
from workspaces.models import Workspace
from workspaces.tenancy import workspace_transaction

GATED_TABS = (
    (
        "Home",
        (),
        (
            ("rich_text", "", northwind.WELCOME),
            ("deals", "Your pipeline", ""),
            ("quotes", "Latest quotes", ""),
        ),
    ),
    ("Getting started", ("Prospecting",), (("rich_text", "Before you sign", northwind.GETTING_STARTED),)),
    ("Onboarding", ("Signed and onboarding",), (("rich_text", "Your first month", northwind.ONBOARDING),)),
    ("Leads", ("Active partners",), (("leads", "", ""),)),
    ("Your company", (), (("partner_profile", "", ""),)),
    (
        "Price & quotes",
        ("Gold partners",),
        (("rich_text", "Your prices", northwind.PRICES), ("quotes", "Quotes", "")),
    ),
    ("Co-marketing", ("Active partners",), (("rich_text", "Campaigns", northwind.CO_MARKETING),)),
    (
        "Technical library",
        ("Role is Solutions engineer",),
        (("rich_text", "For engineers", northwind.TECHNICAL),),
    ),
)

HUBSPOT = Actor("crm", "hubspot", "HubSpot")


class Command(BaseCommand):
    help = "Loads the demo workspaces Northwind Cloud and Fjordlight, where they are not there yet."

    def add_arguments(self, parser):
        parser.add_argument("--hubspot-state", type=Path, help="where the stand-in HubSpot finds its account")
        parser.add_argument("--salesforce-state", type=Path, help="the same for Salesforce")

    def handle(self, *, hubspot_state, salesforce_state, **options):
        if not Workspace.objects.filter(slug="northwind").exists():
            self._northwind(hubspot_state)
        if not Workspace.objects.filter(slug="fjordlight").exists():
            self._fjordlight(salesforce_state)
        jobs.run_everything()
        self.stdout.write("The demo workspaces are there.")

    def _northwind(self, hubspot_state):
        workspace = planting.new_workspace(
            slug="northwind",
            name="Northwind Cloud",
            time_zone="Europe/Zurich",
            currency="EUR",
            brand_color="#2b4fd0",
        )
        companies = northwind.companies()
        with workspace_transaction(workspace):
            properties = planting.plant_properties(workspace, NORTHWIND_PROPERTIES, from_hubspot=FED_BUILT_IN)
            members = planting.plant_team(workspace)
            lea = Actor.of_member(members["lea"])
            owners = planting.team_owners(members)
            partners, contacts = planting.plant_partners(companies, owners=owners, by=HUBSPOT)
            planting.plant_people(contacts)
            planting.plant_demo_contacts(workspace)
            segments = planting.plant_segments(northwind.SEGMENTS, properties, by=lea)
            pilots = [partner.pk for partner in partners[:40:6]]
            planting.plant_static_segment(northwind.LAUNCH_PILOTS, pilots, by=lea)
            planting.plant_experience(segments, GATED_TABS, name="Partner portal", by=lea)
            planted = deals.plant(partners, owners=list(members.values()), today=northwind.TODAY, by=HUBSPOT)
            set_permissions(segments["Role is Sales rep"], invite="inherit", restricted=True)
            planting.plant_quotes(segments, creators=[segments["Gold partners"]])
            planting.plant_profile(properties, editors=segments["Portal admins"])
            connection = planting.plant_connection(companies, partners, contacts, properties, by=lea)
            team = list(members.values())
            more = hubspot_deals.plant(connection, planted, partners, contacts, team, properties)
        if hubspot_state:
            hubspot_state.write_text(json.dumps(hubspot.account(companies, properties, more)))

    def _fjordlight(self, salesforce_state):
        workspace = planting.new_workspace(
            slug="fjordlight",
            name="Fjordlight",
            time_zone="Europe/Stockholm",
            currency="SEK",
            brand_color="#0f766e",
        )
        with workspace_transaction(workspace):
            properties = planting.plant_properties(workspace, [])
            astrid = planting.plant_team(workspace)["astrid"]
            partners, contacts = planting.plant_partners(
                fjordlight.companies(timezone.localdate()), owners=[astrid]
            )
            planting.plant_people(contacts)
            segments = planting.plant_segments(fjordlight.SEGMENTS, properties)
            planting.plant_experience(segments, fjordlight.TABS, name="Studio portal")
            organization = salesforce.plant(partners, contacts, properties)
        if salesforce_state:
            salesforce_state.write_text(json.dumps(organization))
