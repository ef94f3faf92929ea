"""Quotes that partners make for their customers, the products they choose from, and who may make them."""

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import DecimalField, Exists, OuterRef, Q, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from portal.quotes import money
from segments.audience import Gated, OpenTo, Owned, OwnedQuerySet
from segments.models import Audience
from segments.rules.text import fold
from segments.uses import Use
from segments.viewer import Viewer
from workspaces.tenancy import WorkspaceForeignKey, WorkspaceManager, WorkspaceModel, current_workspace_id

FIRST_NUMBER = 1001


def validate_currency(code):
    if code not in money.CURRENCIES:
        raise ValidationError(f"“{code}” is not a currency, such as EUR.")


class QuoteSettings(Gated):
    """A workspace's rules for quotes. Its audience are those who may create them."""

    next_number = models.IntegerField(default=FIRST_NUMBER, editable=False)

    objects = WorkspaceManager()

    class Meta(Gated.Meta):
        constraints = [models.UniqueConstraint(fields=["workspace"], name="one_quote_settings_per_workspace")]

    def __str__(self):
        return "Quotes"

    def gate_use(self):
        return Use(
            kind="Quotes",
            name="Allow quote creation",
            url=reverse("settings:quote_rules"),
            icon="quote",
            what="quote creation",
        )

    @classmethod
    def may_create(cls, viewer: Viewer) -> bool:
        """One query: the rules, if anybody has made any, and whether their gate is open."""
        passed = cls.objects.values_list(OpenTo("audience", viewer=viewer), flat=True).first()
        return passed is None or passed

    @classmethod
    def current(cls):
        """For reading. Where nobody has set anything yet, everyone may create."""
        return cls.objects.select_related("audience").first() or cls(audience=Audience())

    @classmethod
    def ensure(cls):
        """The workspace's settings, made when they are first needed."""
        return cls.objects.get_or_create(workspace_id=current_workspace_id())[0]

    @classmethod
    def take_number(cls):
        settings = cls.objects.select_for_update(of=("self",)).get(pk=cls.ensure().pk)
        cls.objects.filter(pk=settings.pk).update(next_number=settings.next_number + 1)
        return settings.next_number


class ProductQuerySet(models.QuerySet):
    def active(self):
        return self.filter(archived_at=None)

    def matching(self, text):
        return self.filter(Q(name__icontains=text) | Q(sku__icontains=text))


class Product(WorkspaceModel):
    """Something that partners put on quotes."""

    name = models.CharField(max_length=200)
    sku = models.CharField("SKU", max_length=60, blank=True)
    unit_price = models.DecimalField(max_digits=14, decimal_places=4, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3, validators=[validate_currency])
    archived_at = models.DateTimeField(null=True, editable=False)

    objects = WorkspaceManager.from_queryset(ProductQuerySet)()

    class Meta(WorkspaceModel.Meta):
        ordering = ["name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "sku"], condition=~Q(sku=""), name="one_product_per_sku"
            ),
            models.CheckConstraint(condition=Q(unit_price__gte=0), name="product_prices_are_not_negative"),
        ]

    def __str__(self):
        return self.name

    @property
    def price_places(self):
        return money.price_places(self.unit_price, self.currency)

    def archive(self):
        """New lines cannot use it any more. Lines that did keep what they were made with."""
        self.archived_at = self.archived_at or timezone.now()
        self.save(update_fields=["archived_at"])

    def restore(self):
        self.archived_at = None
        self.save(update_fields=["archived_at"])


class QuoteQuerySet(OwnedQuerySet):
    def with_totals(self):
        amount = DecimalField(max_digits=28, decimal_places=4)
        lines = QuoteLine.objects.filter(quote=OuterRef("pk")).order_by().values("quote")
        total = Subquery(lines.annotate(total_of_lines=Sum("total")).values("total_of_lines"))
        return self.annotate(total=Coalesce(total, Value(0), output_field=amount))

    def with_people(self):
        return self.select_related("partner", "created_by", "sent_by")

    def matching(self, text, *, partners=False):
        """By customer, or by number as people write it: Q-1042, q1042, 1042. With `partners` also by partner."""
        digits = text.upper().removeprefix("Q").removeprefix("-")
        found = Q(customer__icontains=text)
        if digits.isdecimal() and len(digits) <= 9:
            found |= Q(number=int(digits))
        if partners:
            found |= Q(partner__name__icontains=text)
        return self.filter(found)


class Quote(Owned):
    """An offer of a partner to its customer. Only drafts change."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        SENT = "sent", "Sent"

    created_by = WorkspaceForeignKey("workspaces.Contact", models.SET_NULL, null=True, related_name="+")
    number = models.IntegerField(editable=False)
    customer = models.CharField(max_length=200)
    customer_folded = models.CharField(max_length=400, editable=False, default="")  # as rules compare it
    currency = models.CharField(max_length=3, validators=[validate_currency])
    valid_until = models.DateField(null=True, blank=True)
    note = models.TextField(max_length=4000, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.DRAFT, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, editable=False)
    sent_by = WorkspaceForeignKey(
        "workspaces.Contact", models.SET_NULL, null=True, related_name="+", editable=False
    )
    # The form that made it: sent twice, it still makes one quote.
    form_key = models.UUIDField(null=True, editable=False)
    version = models.IntegerField(default=0, editable=False)

    objects = WorkspaceManager.from_queryset(QuoteQuerySet)()

    class Meta(Owned.Meta):
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="one_quote_per_number"),
            models.UniqueConstraint(fields=["workspace", "partner", "form_key"], name="one_quote_per_form"),
            models.CheckConstraint(
                condition=Q(status="draft", sent_at=None) | Q(status="sent", sent_at__isnull=False),
                name="sent_quotes_say_when",
            ),
        ]
        indexes = [models.Index(fields=["workspace", "partner", "-number"], name="quote_by_partner")]

    def __str__(self):
        return self.reference

    def save(self, **options):
        self.customer_folded = fold(self.customer)
        super().save(**options)

    @classmethod
    def collaborated_by(cls, viewer):
        if viewer.contact is None:
            return Q(pk__in=[])
        added = Collaborator.objects.filter(quote=OuterRef("pk"), contact=viewer.contact)
        return Q(created_by=viewer.contact) | Q(Exists(added))

    @property
    def reference(self):
        return f"Q-{self.number}"

    @property
    def is_draft(self):
        return self.status == self.Status.DRAFT

    @property
    def places(self):
        return money.places(self.currency)


class Collaborator(WorkspaceModel):
    """Somebody of the partner who was added to a quote. Who made it collaborates on it anyway."""

    quote = WorkspaceForeignKey(Quote, models.CASCADE, related_name="added")
    contact = WorkspaceForeignKey("workspaces.Contact", models.CASCADE, related_name="+")
    added_by = models.CharField(max_length=200, editable=False)
    added_at = models.DateTimeField(auto_now_add=True)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "quote", "contact"], name="once_per_quote_added")
        ]
        indexes = [models.Index(fields=["workspace", "contact"], name="collaborator_by_contact")]

    def __str__(self):
        return f"{self.contact_id} on {self.quote_id}"


class QuoteLine(WorkspaceModel):
    """What is offered, as it was when the line was made: a product that changes later changes nothing here."""

    quote = WorkspaceForeignKey(Quote, models.CASCADE, related_name="lines")
    position = models.IntegerField()
    product = WorkspaceForeignKey(Product, models.SET_NULL, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=200)
    quantity = models.DecimalField(
        max_digits=12, decimal_places=3, validators=[MinValueValidator(0), MaxValueValidator(99_999_999)]
    )
    unit_price = models.DecimalField(max_digits=14, decimal_places=4, validators=[MinValueValidator(0)])
    discount = models.DecimalField(
        max_digits=5, decimal_places=2, default=0, validators=[MinValueValidator(0), MaxValueValidator(100)]
    )
    total = models.DecimalField(max_digits=26, decimal_places=4, editable=False)

    objects = WorkspaceManager()

    class Meta(WorkspaceModel.Meta):
        ordering = ["position", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quantity__gte=0, unit_price__gte=0, discount__gte=0, discount__lte=100),
                name="lines_have_sensible_amounts",
            )
        ]

    def __str__(self):
        return self.title

    @property
    def price_places(self):
        return money.price_places(self.unit_price, self.quote.currency)
