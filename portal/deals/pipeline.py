"""What deals or leads come to: by stage, and in all. Amounts of two currencies are never added."""

from dataclasses import dataclass, field

from django.db.models import Count, Sum

from portal.deals.models import AttributedRecord, outcome_of
from workspaces.display import money_text

Outcome = AttributedRecord.Outcome


@dataclass
class Sums:
    count: int = 0
    amounts: dict = field(default_factory=dict)  # by currency

    def add(self, count, currency, amount):
        self.count += count
        if currency and amount is not None:
            self.amounts[currency] = self.amounts.get(currency, 0) + amount

    @property
    def texts(self):
        """The largest first; without parts of a unit, which nobody reads in a sum."""
        largest = sorted(self.amounts.items(), key=lambda one: (-one[1], one[0]))
        return [money_text(round(amount), currency) for currency, amount in largest]


@dataclass
class Totals:
    """By what became of them."""

    open: Sums
    won: Sums
    lost: Sums

    @classmethod
    def of(cls, records):
        sums = {outcome: Sums() for outcome in Outcome.values}
        rows = records.order_by().values_list("outcome", "currency")
        for outcome, currency, count, amount in rows.annotate(Count("pk"), Sum("amount")):
            sums[outcome].add(count, currency, amount)
        return cls(**sums)


@dataclass
class Stage:
    value: str
    label: str
    outcome: str
    sums: Sums
    share: int = 0  # of the largest open stage, in percent


def stages(records, prop):
    """Every stage in its order, also those that nothing is in. One query."""
    found = {
        option["value"]: Stage(option["value"], option["label"], outcome_of(prop, option["value"]), Sums())
        for option in prop.options
    }
    rows = records.order_by().values_list("stage", "currency").annotate(Count("pk"), Sum("amount"))
    for stage, currency, count, amount in rows:
        if stage in found:
            found[stage].sums.add(count, currency, amount)
    _measure([stage for stage in found.values() if stage.outcome == Outcome.OPEN])
    return list(found.values())


def _measure(opened):
    """By amount where all are of one currency, else by number."""
    currencies = {currency for stage in opened for currency in stage.sums.amounts}

    def size(stage):
        return sum(stage.sums.amounts.values()) if len(currencies) == 1 else stage.sums.count

    largest = max(map(size, opened), default=0)
    for stage in opened:
        stage.share = round(100 * size(stage) / largest) if largest else 0
