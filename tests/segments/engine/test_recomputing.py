"""What was stored wrongly is found and put right; what is right is left alone."""

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from segments.engine import recomputing
from segments.engine.exceptions import set_exception
from segments.models import ContactState, MembershipChange, PartnerState
from tests.segments.conftest import ADA
from workspaces import jobs


@pytest.fixture
def admins(make_segment):
    asked = ("role", "is_any_of", ["admin"]), ("partner.tier", "is_any_of", ["gold"])
    return make_segment("Gold admins", *asked, level="contact")


def test_who_stands_wrongly_is_put_right_with_a_place_in_the_history(
    acme, inside, drain, brightpath, kestrel, pat, sam, gold, admins, members_of
):
    with inside(acme):
        gold.refresh_from_db()
        PartnerState.objects.filter(pk=kestrel.pk).update(builds=[gold.live_build])
        ContactState.objects.filter(pk=pat.pk).update(builds=[])
        ContactState.objects.filter(pk=sam.pk).delete()
        before = set(MembershipChange.objects.values_list("pk", flat=True))
    call_command("recompute_segments", workspace="acme")
    drain()

    assert members_of(gold) == ["Brightpath"]
    assert members_of(admins) == ["Pat"]
    with inside(acme):
        found = MembershipChange.objects.exclude(pk__in=before).values_list(
            "subject_id", "joined", "cause__why"
        )
        assert (kestrel.pk, False, "recomputed") in found
        assert (pat.pk, True, "recomputed") in found
        assert ContactState.objects.filter(pk=sam.pk).exists()


def test_what_is_right_is_only_read(acme, inside, brightpath, kestrel, pat, gold, admins, members_of):
    with inside(acme):
        set_exception(gold, kestrel, included=True, reason="Pilot", by=ADA)
    with CaptureQueriesContext(connection) as seen:
        jobs.run(acme.pk, recomputing.QUEUE)
    assert members_of(gold) == ["Brightpath", "Kestrel"]
    assert not [one["sql"] for one in seen if "UPDATE segments_" in one["sql"]]
