"""The locks of a change, always taken first and always in this order, so that nothing waits in a circle:

1. the partners, sorted: shared for a change of their contacts, exclusive for a change of themselves and where
   what is known of them follows their contacts or records;
2. the chunks, sorted: shared; a back-fill takes one exclusively;
3. the definitions of the workspace's segments: shared; who switches them takes them exclusively;
4. the records' rows; then, above us, their segment states, partners' before contacts'.

All are advisory locks of the transaction, so no one forgets to give them back.
"""

from django.db import OperationalError, transaction

from workspaces import statements
from workspaces.tenancy import current_workspace_id

PARTNER_CHUNKS = 1000  # partners' chunk numbers start here, contacts' at 0
ATTEMPTS = 5
DEADLOCK = "40P01"
ALONE, SHARED, CHUNK_ALONE, CHUNK_SHARED = range(4)
# In the order of the arrays, in one statement.
TAKE = """
    SELECT CASE l.how WHEN 0 THEN pg_advisory_xact_lock(hashtextextended(l.name, 0))
                      WHEN 1 THEN pg_advisory_xact_lock_shared(hashtextextended(l.name, 0))
                      WHEN 2 THEN pg_advisory_xact_lock(w.number, l.chunk)
                      ELSE pg_advisory_xact_lock_shared(w.number, l.chunk) END
    FROM unnest(%s::int[], %s::text[], %s::int[]) AS l (how, name, chunk)
    CROSS JOIN (SELECT number FROM workspaces_workspace WHERE id = %s::uuid) w"""


def lock_for_contacts(contacts, *, partner_ids=(), again=True):
    """Before contacts change. `partner_ids`: those they move to, beside those they are at."""
    partners = {c.partner_id for c in contacts} | set(partner_ids)
    chunks = {contact.chunk for contact in contacts}
    _retried(
        lambda: _take([*_partners(partners, SHARED), *_chunks(chunks, CHUNK_SHARED), _definitions()]), again
    )


def lock_for_partners(partners, *, again=True):
    """Before partners change: also the chunks of their contacts, whose memberships may follow."""
    ids = {partner.pk for partner in partners}
    own = {PARTNER_CHUNKS + partner.chunk for partner in partners}

    def take():
        _take(_partners(ids, ALONE))
        _take([*_chunks(own | _chunks_of_contacts(ids), CHUNK_SHARED), _definitions()])

    _retried(take, again)


def lock_partners_with_contacts(contacts, *, partner_ids=(), again=True):
    """Before something changes that partners are known by, such as who their contacts are: the partners of these
    contacts, and others, as if they changed themselves.
    """
    ids = {contact.partner_id for contact in contacts} | set(partner_ids)
    mine = {contact.chunk for contact in contacts}

    def take():
        _take(_partners(ids, ALONE))
        chunks = mine | _chunks_of_partners(ids) | _chunks_of_contacts(ids)
        _take([*_chunks(chunks, CHUNK_SHARED), _definitions()])

    _retried(take, again)


def lock_chunks(chunks, *, exclusive=False):
    """Locks chunks of the current workspace, in ascending order."""
    _take(_chunks(chunks, CHUNK_ALONE if exclusive else CHUNK_SHARED))


def lock_definitions(*, exclusive=False):
    """What the workspace's segments are defined as."""
    _take([_definitions(ALONE if exclusive else SHARED)])


def _partners(ids, how):
    return [(how, name, 0) for name in sorted(f"p{pk}" for pk in ids)]


def _chunks(chunks, how):
    return [(how, None, chunk) for chunk in sorted(chunks)]


def _definitions(how=SHARED):
    return (how, f"definitions{current_workspace_id()}", 0)


def _take(locks):
    columns = [statements.array(lock[place] for lock in locks) for place in range(3)]
    statements.run(TAKE, [*columns, current_workspace_id()])


def _chunks_of_partners(ids):
    sql = "SELECT DISTINCT chunk FROM workspaces_partner WHERE workspace_id = %s::uuid AND id = ANY (%s::uuid[])"
    return {
        PARTNER_CHUNKS + row[0]
        for row in statements.run(sql, [current_workspace_id(), statements.array(ids)])
    }


def _chunks_of_contacts(partner_ids):
    sql = (
        "SELECT DISTINCT chunk FROM workspaces_contact"
        " WHERE workspace_id = %s::uuid AND partner_id = ANY (%s::uuid[])"
    )
    return {row[0] for row in statements.run(sql, [current_workspace_id(), statements.array(partner_ids)])}


def is_deadlock(error):
    return getattr(error.__cause__, "sqlstate", None) == DEADLOCK


def _retried(take, again):
    """Two transactions that each hold a shared lock and want it exclusively would wait for each other: the
    database ends one of them, which gives its locks back at the savepoint and asks again. Who has a savepoint
    and asks again themselves say so with `again`."""
    if not again:
        take()
        return
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                take()
            return
        except OperationalError as error:
            if not is_deadlock(error) or attempt == ATTEMPTS:
                raise
