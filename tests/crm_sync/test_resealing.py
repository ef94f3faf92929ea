"""Keys that encrypt can be changed without connecting anew."""

from django.core.management import call_command

from crm_sync.models import Connection, Credential
from tests.fakes.hubspot import SECRET, TOKEN


def test_after_resealing_the_old_key_is_needed_no_more(sync, acme, settings, inside):
    settings.ENCRYPTION_KEYS = []
    before = _sealed(inside, acme)

    settings.ENCRYPTION_KEYS = ["a-new-key", settings.SECRET_KEY]
    call_command("reseal_crm_keys")

    assert not before & _sealed(inside, acme)
    settings.ENCRYPTION_KEYS = ["a-new-key"]
    with inside(acme):
        assert Connection.objects.get().secret == SECRET
        assert Credential.objects.get().access == TOKEN


def test_what_no_key_opens_is_counted_and_left(sync, acme, settings, inside, capsys):
    before = _sealed(inside, acme)
    settings.ENCRYPTION_KEYS = ["a-key-that-never-sealed-anything"]

    call_command("reseal_crm_keys")

    assert "2 could not be opened" in capsys.readouterr().err
    assert _sealed(inside, acme) == before


def _sealed(inside, workspace):
    with inside(workspace):
        return {Connection.objects.get().secret_sealed, Credential.objects.get().access_sealed}
