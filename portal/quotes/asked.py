"""What rules may ask of quotes: partners with at least three quotes sent in the last 30 days."""

from django.db.models import Q

from portal.quotes.models import Product, Quote
from segments import activity, records
from segments.records import Asked, Source

SOURCE = "quotes"
CREATED, SENT = "created_quote", "sent_quote"
TOTAL = "(SELECT coalesce(sum(l.total), 0) FROM quotes_quoteline l WHERE l.quote_id = r.id)"
LINES = "(SELECT count(*) FROM quotes_quoteline l WHERE l.quote_id = r.id)"
PRODUCTS = """(SELECT array_agg(l.product_id::text) FROM quotes_quoteline l
              WHERE l.quote_id = r.id AND l.product_id IS NOT NULL)"""


def products():
    """Those that can be on a quote: an archived one is named as long as quotes hold it."""
    used = Quote.objects.order_by().values("lines__product")
    found = Product.objects.filter(Q(archived_at=None) | Q(pk__in=used))
    return [(str(pk), name) for pk, name in found.values_list("pk", "name")]


records.register(
    Source(
        key=SOURCE,
        label="Quotes",
        one="quote",
        table=Quote._meta.db_table,
        owners={"partner": "partner_id", "contact": "created_by_id"},
        name="'Q-' || r.number || ' (' || r.customer || ')'",
        asked=(
            Asked("status", "Status", "choice", "r.status", options=Quote.Status.choices),
            Asked("amount", "Total", "money", TOTAL, currency="r.currency"),
            Asked("created", "Date created", "datetime", "r.created_at"),
            Asked("sent", "Date sent", "datetime", "r.sent_at"),
            Asked("valid_until", "Valid until", "date", "r.valid_until"),
            Asked("customer", "Customer", "text", "r.customer", folded="r.customer_folded"),
            Asked("products", "Products", "multi_choice", PRODUCTS, options=products),
            Asked("lines", "Number of lines", "number", LINES),
        ),
    )
)
activity.register(activity.Kind(CREATED, "Made a quote"))
activity.register(activity.Kind(SENT, "Sent a quote"))
