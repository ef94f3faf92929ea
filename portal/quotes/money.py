"""Amounts of a quote: decimals, one currency a quote, every line rounded half-even to what its currency can pay."""

from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext


def _codes(text):
    return frozenset(text.split())


# ISO 4217: the currencies in use.
CURRENCIES = _codes("""
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG
    HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL
    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR
    RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD
    TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
""")
_WITHOUT_PARTS = _codes("BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF")
_THOUSANDTHS = _codes("BHD IQD JOD KWD LYD OMR TND")
_EXACT = Context(prec=60)


def places(currency):
    """How many decimals a payable amount has."""
    return 0 if currency in _WITHOUT_PARTS else 3 if currency in _THOUSANDTHS else 2


def price_places(price, currency):
    """Prices for one piece may be finer than what can be paid, such as 0.0025 a gigabyte."""
    return max(places(currency), -int(price.normalize().as_tuple().exponent))


def payable(amount, currency):
    """The amount rounded half-even to the currency's smallest unit."""
    return amount.quantize(Decimal(1).scaleb(-places(currency)), rounding=ROUND_HALF_EVEN)


def line_total(*, quantity, unit_price, discount, currency):
    """`discount` is in percent. Rounded once, at the end."""
    with localcontext(_EXACT):
        return payable(quantity * unit_price * (100 - discount) / 100, currency)
