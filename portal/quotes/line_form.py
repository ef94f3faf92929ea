"""One line of a quote, while it is being written."""

from decimal import Decimal

from django import forms

from portal.quotes import money
from portal.quotes.amounts import AmountField, plain

FIELDS = ("title", "quantity", "unit_price", "discount")


class LineForm(forms.Form):
    """What comes from the catalogue brings its title and price along; nobody types those.

    `answers` are the texts in the fields. Only a line that is to be saved is `checked`: what somebody is still
    writing is no mistake yet.
    """

    title = forms.CharField(label="What", max_length=200)
    quantity = AmountField(
        label="Quantity", min_value=Decimal("0.001"), max_value=99_999_999, max_digits=12, decimal_places=3
    )
    unit_price = AmountField(label="Unit price", min_value=0, max_digits=14, decimal_places=4)
    discount = AmountField(
        label="Discount, %",
        min_value=0,
        max_value=100,
        max_digits=5,
        decimal_places=2,
        required=False,
    )

    def __init__(self, key, answers, *, made=None, product=None, gone=False, checked=False):
        prefix = f"line-{key}"
        data = {f"{prefix}-{name}": text for name, text in answers.items()} if checked else None
        super().__init__(data, initial=answers, prefix=prefix, use_required_attribute=False)
        self.key, self.answers, self.product = key, answers, product
        self.made, self.gone = made, gone
        if product or gone:
            del self.fields["title"], self.fields["unit_price"]

    @classmethod
    def of_line(cls, line):
        answers = {
            "title": line.title,
            "quantity": plain(line.quantity),
            "unit_price": plain(line.unit_price),
        }
        answers["discount"] = plain(line.discount) if line.discount else ""
        return cls(str(line.pk), answers, made=line, product=line.product)

    @property
    def as_made(self):
        """The line as it was made, where it is of the same product still."""
        return self.made if self.made and self.product and self.made.product_id == self.product.pk else None

    @property
    def catalogue_title(self):
        return self.as_made.title if self.as_made else self.product.name

    @property
    def catalogue_price(self):
        return (self.as_made or self.product).unit_price

    @property
    def price_places(self):
        source = self.as_made or self.product
        return source.price_places

    def values(self):
        """For portal.quotes.drafts."""
        values = {**self.cleaned_data, "product": self.product, "pk": self.made.pk if self.made else None}
        if self.product:
            values |= {"title": self.catalogue_title, "unit_price": self.catalogue_price}
        values["discount"] = values["discount"] or Decimal(0)
        return values

    def total(self, currency):
        """What the line comes to; None while its numbers are not there yet."""
        form = self if self.is_bound else self._checked()
        form.is_valid()
        values = form.values_so_far()
        needed = ("quantity", "unit_price", "discount")
        if any(name not in values for name in needed):
            return None
        amounts = {name: values[name] or Decimal(0) for name in needed}
        return money.line_total(**amounts, currency=currency)

    def values_so_far(self):
        return (
            {**self.cleaned_data, "unit_price": self.catalogue_price} if self.product else self.cleaned_data
        )

    def _checked(self):
        return LineForm(
            self.key, self.answers, made=self.made, product=self.product, gone=self.gone, checked=True
        )

    def has_its_product(self, currency):
        """A catalogue line as it was made stays; a new one must be on offer, in the quote's currency."""
        if self.gone:
            self.add_error(None, "This product is not offered any more. Remove this line.")
        elif self.product and not self.as_made and self.product.currency != currency:
            self.add_error(
                None, f"{self.product} is priced in {self.product.currency}. A quote has one currency."
            )
        return self.is_valid()
