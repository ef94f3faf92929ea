"""The locks of a change, always taken first and always in this order, so that nothing waits in a circle:

1. the partners, sorted: shared for a change of their contacts, exclusive for a change of themselves;
2. the chunks, sorted, partners' before contacts': shared; a back-fill takes one exclusively;
3. the records' rows; then, above us, their segment states.

All are advisory locks of the transaction, so no one forgets to give them back.
"""

from django.db import OperationalError, connection, transaction

PARTNER_CHUNKS = 1000  # partners' chunk numbers start here, contacts' at 0
ATTEMPTS = 5
DEADLOCK = "40P01"


def lock_for_contacts(contacts, *, partner_ids=()):
    """Before contacts change. `partner_ids`: those they move to, beside those they are at."""
    partners = {c.partner_id for c in contacts} | set(partner_ids)
    chunks = {contact.chunk for contact in contacts}
    _retried(lambda: (_lock_partners(partners, shared=True), lock_chunks(chunks)))


def lock_for_partners(partners):
    """Before partners change: also the chunks of their contacts, whose memberships may follow."""
    ids = {partner.pk for partner in partners}
    own = {PARTNER_CHUNKS + partner.chunk for partner in partners}

    def take():
        _lock_partners(ids, shared=False)
        lock_chunks(own | _chunks_of_contacts(ids))

    _retried(take)


def lock_chunks(chunks, *, exclusive=False):
    """Locks chunks of the current workspace, in ascending order."""
    suffix = "" if exclusive else "_shared"
    _execute(  # the suffix is one of two literals
        f"SELECT pg_advisory_xact_lock{suffix}(w.number, c.chunk) FROM workspaces_workspace w, "  # noqa: S608
        "(SELECT unnest(%s::int[]) AS chunk ORDER BY 1) c "
        "WHERE w.id = (SELECT current_setting('app.workspace_id')::uuid)",
        [sorted(chunks)],
    )


def _lock_partners(ids, *, shared):
    suffix = "_shared" if shared else ""
    _execute(
        f"SELECT pg_advisory_xact_lock{suffix}(k) FROM "  # noqa: S608
        "(SELECT hashtextextended('p' || unnest(%s::text[]), 0) AS k ORDER BY 1) keys",
        [[str(pk) for pk in ids]],
    )


def _chunks_of_contacts(partner_ids):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT chunk FROM workspaces_contact WHERE partner_id = ANY(%s)", [list(partner_ids)]
        )
        return {row[0] for row in cursor.fetchall()}


def _retried(take):
    """Two transactions that each hold a shared lock and want it exclusively would wait for each other: the
    database ends one of them, which gives its locks back at the savepoint and asks again."""
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                take()
            return
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != DEADLOCK or attempt == ATTEMPTS:
                raise


def _execute(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
