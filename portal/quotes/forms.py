"""Products in Settings, and the lists' filters."""

from django import forms

from portal.quotes import money
from portal.quotes.amounts import AmountField
from portal.quotes.models import Product, Quote


def currency_choices(first):
    """Every currency, the ones at hand first."""
    first = [code for code in dict.fromkeys(first) if code]
    return [(code, code) for code in [*first, *sorted(money.CURRENCIES - set(first))]]


class ProductForm(forms.ModelForm):
    unit_price = AmountField(min_value=0, max_digits=14, decimal_places=4)
    currency = forms.ChoiceField()

    class Meta:
        model = Product
        fields = ["name", "sku", "unit_price", "currency"]
        help_texts = {"sku": "Your own number for it, if it has one."}

    def __init__(self, *args, workspace, **kwargs):
        super().__init__(*args, **kwargs)
        choices = currency_choices([self.instance.currency, workspace.currency])
        self.fields["currency"] = forms.ChoiceField(choices=choices)

    def clean_sku(self):
        sku = self.cleaned_data["sku"]
        taken = (
            Product.objects.filter(sku=sku).exclude(pk=self.instance.pk) if sku else Product.objects.none()
        )
        if other := taken.first():
            raise forms.ValidationError(f"“{other}” already has this SKU.")
        return sku


class QuoteFilters(forms.Form):
    """What the address of a list of quotes says. Whatever does not fit is as if it were not there."""

    q = forms.CharField(required=False, max_length=100, strip=True)
    status = forms.ChoiceField(required=False, choices=[("", "Any status"), *Quote.Status.choices])

    def __init__(self, *args, partners=False, **kwargs):
        """With `partners` it also looks for the partner's name."""
        super().__init__(*args, **kwargs)
        self.partners = partners
        self.is_valid()

    def narrow(self, quotes):
        asked = self.cleaned_data
        if asked.get("q"):
            quotes = quotes.matching(asked["q"], partners=self.partners)
        if asked.get("status"):
            quotes = quotes.filter(status=asked["status"])
        return quotes

    @property
    def narrowed(self):
        return any(self.cleaned_data.values())


class CollaboratorForm(forms.Form):
    contact = forms.UUIDField()


class ProductFilters(forms.Form):
    q = forms.CharField(required=False, max_length=100, strip=True)
    archived = forms.BooleanField(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.is_valid()

    def narrow(self, products):
        asked = self.cleaned_data
        products = products.exclude(archived_at=None) if asked.get("archived") else products.active()
        return products.matching(asked["q"]) if asked.get("q") else products
