from datetime import UTC, datetime, timedelta

from crm_sync.health.charts import lag_chart
from crm_sync.health.figures import Hour

START = datetime(2026, 9, 24, tzinfo=UTC)


def hours(*worst):
    return [Hour(START + timedelta(hours=n), worst=one) for n, one in enumerate(worst)]


def test_hours_without_a_measurement_leave_a_gap():
    chart = lag_chart(hours(None, 2.0, 4.0, None, None, 0.0, *[None] * 18))
    first, second = chart.path.removeprefix("M").split("M")
    assert first.count("L") == 1
    assert second.endswith("h0")  # a dot at no seconds at all, which was measured
    assert chart.end == ("147.5", "128.0")


def test_a_day_without_any_draws_nothing():
    chart = lag_chart(hours(*[None] * 24))
    assert (chart.path, chart.end) == ("", ("", ""))
