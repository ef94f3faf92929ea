"""Settings → Quotes: who may make them, the products they are made of, and all that were made."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from portal.quotes import collaborators
from portal.quotes.forms import ProductFilters, ProductForm, QuoteFilters
from portal.quotes.models import Product, Quote, QuoteSettings
from segments import live
from segments.audience_form import AudienceForm
from segments.uses import in_words, reach
from workspaces.access import settings_view

PAGE = 50


@require_GET
@settings_view("quotes.view")
def quotes(request):
    filters = QuoteFilters(request.GET, partners=True)
    found = filters.narrow(Quote.objects.with_people()).with_totals()
    page = Paginator(found, PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "filters": filters,
        "none_at_all": not page.paginator.count and not filters.narrowed,
    }
    return _list(request, "portal/quotes/settings/list.html", context)


@require_GET
@settings_view("quotes.view")
def quote(request, pk):
    quote = get_object_or_404(Quote.objects.with_people().with_totals(), pk=pk)
    context = {"quote": quote, "lines": quote.lines.all(), "collaborators": collaborators.of(quote)}
    return render(request, "portal/quotes/settings/detail.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("quotes.view")
def creation(request):
    """Who may create quotes."""
    may_manage = request.member.may("quotes.manage")
    posted = request.method == "POST"
    if posted and not may_manage:
        raise PermissionDenied
    settings = QuoteSettings.ensure() if posted else QuoteSettings.current()
    form = AudienceForm(request.POST if posted else None, instance=settings.audience)
    if form.is_bound and form.is_valid():
        form.save()
        live.announce_to_all()
        messages.success(request, "Saved.")
        return redirect("settings:quote_rules")
    context = {
        "form": form,
        "may_manage": may_manage,
        "gate_id": None if settings._state.adding else settings.audience_id,
        "reach": reach([settings.audience])[settings.audience.pk],
        "words": in_words(settings.audience),
    }
    status = 422 if form.is_bound else 200
    return render(request, "portal/quotes/settings/creation.html", context, status=status)


@require_GET
@settings_view("quotes.view")
def products(request):
    filters = ProductFilters(request.GET)
    page = Paginator(filters.narrow(Product.objects.all()), PAGE).get_page(request.GET.get("page"))
    context = {"page": page, "filters": filters, "none_at_all": not Product.objects.exists()}
    return _list(request, "portal/quotes/settings/products.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("quotes.manage")
def new_product(request):
    return _product(request, Product(currency=request.workspace.currency))


@require_http_methods(["GET", "HEAD", "POST"])
@settings_view("quotes.manage")
def product(request, pk):
    return _product(request, get_object_or_404(Product.objects.all(), pk=pk))


@require_http_methods(["POST"])
@settings_view("quotes.manage")
def product_archiving(request, pk):
    product = get_object_or_404(Product.objects.all(), pk=pk)
    if request.POST.get("undo"):
        product.restore()
        messages.success(request, f"{product} is offered again.")
    else:
        product.archive()
        messages.success(request, f"{product} is archived. Quotes that have it keep it.")
    return redirect("settings:products")


def _product(request, product):
    adding = product._state.adding
    form = ProductForm(request.POST or None, instance=product, workspace=request.workspace)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, f"{product} is {'added' if adding else 'saved'}.")
        return redirect("settings:products")
    context = {"form": form, "product": None if adding else product}
    status = 422 if form.is_bound else 200
    return render(request, "portal/quotes/settings/product.html", context, status=status)


def _list(request, template, context):
    context["may_manage"] = request.member.may("quotes.manage")
    return render(request, f"{template}#rows" if request.htmx else template, context)
