from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from portal.quotes.amounts import AmountField
from portal.quotes.money import line_total, payable, price_places


@pytest.mark.parametrize(
    ("amount", "currency", "rounded"),
    [
        ("0.125", "EUR", "0.12"),
        ("0.135", "EUR", "0.14"),
        ("2.5", "JPY", "2"),
        ("3.5", "JPY", "4"),
        ("1.0005", "KWD", "1.000"),
        ("1.0015", "KWD", "1.002"),
        ("0", "EUR", "0.00"),
    ],
)
def test_amounts_round_half_even_to_what_the_currency_can_pay(amount, currency, rounded):
    assert str(payable(Decimal(amount), currency)) == rounded


@pytest.mark.parametrize(
    ("quantity", "price", "discount", "currency", "total"),
    [
        ("3", "19.99", "0", "EUR", "59.97"),
        ("1", "0.25", "50", "EUR", "0.12"),
        ("3", "0.25", "50", "EUR", "0.38"),
        ("1000000", "0.0025", "12.5", "EUR", "2187.50"),
        ("1.5", "333", "0", "JPY", "500"),
        ("1", "333", "50", "JPY", "166"),
        ("99999999.999", "9999999999.9999", "0.01", "EUR", "999899999989991001.00"),
        ("7", "12.34", "100", "EUR", "0.00"),
    ],
)
def test_a_line_is_rounded_once_at_its_end(quantity, price, discount, currency, total):
    amounts = {"quantity": Decimal(quantity), "unit_price": Decimal(price), "discount": Decimal(discount)}
    assert str(line_total(**amounts, currency=currency)) == total


def test_a_price_may_be_finer_than_a_payment():
    assert price_places(Decimal("0.0025"), "EUR") == 4
    assert price_places(Decimal("1200.0000"), "EUR") == 2
    assert price_places(Decimal("1200"), "JPY") == 0


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("1250", "1250"),
        ("1,250.50", "1250.50"),
        ("12,50", "12.50"),
        ("1 250.5", "1250.5"),
        (" 0.0025 ", "0.0025"),
    ],
)
def test_numbers_are_understood_as_people_write_them(typed, number):
    assert AmountField(max_digits=14, decimal_places=4).clean(typed) == Decimal(number)


@pytest.mark.parametrize(
    "typed", ["1.250,50", "1,2345", "1,25,000", "NaN", "Infinity", "-Infinity", "twelve", "1e99", ","]
)
def test_what_could_mean_two_things_is_refused_not_guessed(typed):
    with pytest.raises(ValidationError):
        AmountField(max_digits=14, decimal_places=4).clean(typed)
