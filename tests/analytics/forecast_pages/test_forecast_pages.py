"""The pages of forecasts: a line with its record, any forecast as it was, and figures that people say beside it."""

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from analytics.models import Approver, Champion, Forecast, ForecastOverride, Refit
from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.plant.models import Shift
from tests.analytics.forecast_pages.made import (
    HOUR,
    NO_RECORD,
    bucket,
    came,
    check,
    forecast,
    readiness,
    shift,
    snapshot,
)
from tests.production.small_plant import SmallPlant

PAGE = "/improve/forecast/LINE-1/"
WEEK = timedelta(days=7)


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


@pytest.fixture
def issued(plant: SmallPlant, running: Shift) -> Forecast:
    """Of the shift that runs and of the one tomorrow at the same time."""
    line, begun = plant.line_1, running.starts_at
    points = [bucket(begun, 412), bucket(begun + 24 * HOUR, 500)]
    more = {"snapshot": snapshot(line, begun - HOUR), "readiness": readiness(line, begun - 2 * HOUR)}
    return forecast(line, begun, points, **more)


def test_the_page_shows_numbers_record_what_it_knew_and_the_method(
    mia: Client, issued: Forecast, running: Shift
) -> None:
    came(issued.line, running.starts_at - WEEK, 380)
    text = text_of(mia, PAGE)
    for told in ("412", "351–455", "321–485", "380", "81 % (68 of 84)", "95 % (80 of 84)", "67 %"):
        assert told in text
    assert "1 order, archived" in text
    assert "88, 4 Predictive" in text
    assert "12 of 900: left out, never taken for zero" in text
    assert "Ensemble" in text


def test_past_shifts_stand_with_what_came_and_whether_the_band_held(
    mia: Client, plant: SmallPlant, issued: Forecast, running: Shift
) -> None:
    before = running.starts_at - 24 * HOUR
    forecast(plant.line_1, before, [bucket(before, 600)])
    came(plant.line_1, before, 700)  # above 600 + 43
    text = text_of(mia, PAGE)
    assert "<b>600</b>" in text
    assert "700 <small>outside</small>" in text
    # One shift was judged: |700 - 600| / 700 = 14 %.
    assert '0 to 1 days</th><td class="num">14 %</td><td class="num">1</td>' in text
    assert '<th scope="row" class="num">90 %</th><td class="num">0 %</td>' in text


@pytest.mark.parametrize("grain", ["hour", "day"])
def test_hours_and_days_have_pages_too(mia: Client, plant: SmallPlant, now: datetime, grain: str) -> None:
    length = HOUR if grain == "hour" else 24 * HOUR
    forecast(plant.line_1, now, [bucket(now + HOUR, 4321, length)], grain=grain)
    assert "4,321" in text_of(mia, f"{PAGE}?grain={grain}")


def test_a_grain_nobody_knows_is_404(mia: Client) -> None:
    assert mia.get(f"{PAGE}?grain=month").status_code == 404


def test_a_refused_line_shows_every_check_and_no_number(mia: Client, plant: SmallPlant, now: datetime) -> None:
    checks = [
        check("weeks", 2.5, 4, "weeks_too_few", "history_import"), check("queue", 0, 1, "no_queue", "orders"),
        check("record", None, 0.98, "record_missing_3", "forecast_record"),
        check("record", 1.1, 0.98, "record_worse_4", "forecast_record"), check("gap", 0.3, 0.25, "gap", "data_health"),
        check("new", 1, 2, "a_sentence_of_a_newer_engine", "nowhere"),
    ]  # fmt: skip
    forecast(plant.line_1, now - HOUR, [], method="refused", level=0, checks=checks, skill=NO_RECORD)
    text = text_of(mia, PAGE)
    assert "Why there is no number" in text
    for told in ("2.5 usable weeks are recorded, 4 are needed", "no queue of orders", "forecast by the model has too",
                 "its error is 110 %", "30 % of the planned time", "new is 1.0, needs 2.0"):  # fmt: skip
        assert told in text
    assert "/improve/readiness/LINE-1/import/" in text
    assert "Its record" not in text


def test_any_forecast_ever_shown_is_shown_again_as_it_was(
    mia: Client, plant: SmallPlant, issued: Forecast, running: Shift
) -> None:
    forecast(plant.line_1, running.starts_at + HOUR, [bucket(running.starts_at + 24 * HOUR, 999)])  # a newer one
    came(plant.line_1, running.starts_at, 431)
    text = text_of(mia, f"{PAGE}{issued.pk}/")
    for told in ("<b>412</b>", "<b>500</b>", "431", "1 order, archived", "88, 4 Predictive"):
        assert told in text
    assert "999" not in text
    assert f"{PAGE}{issued.pk}/" in text_of(mia, PAGE)


def test_a_forecast_computed_later_says_so(mia: Client, plant: SmallPlant, now: datetime) -> None:
    late = forecast(plant.line_1, now - 2 * HOUR, [bucket(now, 5)], issued_at=now, back_issued=True)
    assert "it was not shown at that time" in text_of(mia, f"{PAGE}{late.pk}/")


def test_challengers_and_other_lines_forecasts_are_not_there(mia: Client, plant: SmallPlant, now: datetime) -> None:
    shadow = forecast(plant.line_1, now, [], shown=False)
    other = forecast(plant.line_2, now, [bucket(now, 5)])
    for row in (shadow, other):
        assert mia.get(f"{PAGE}{row.pk}/").status_code == 404
    assert mia.get(f"{PAGE}{10**30}/").status_code == 404


def test_methods_that_stood_are_told_with_why(mia: Client, plant: SmallPlant, now: datetime) -> None:
    Champion.objects.create(
        line=plant.line_1, grain="shift", method="ens2", since=now - WEEK, until=now, why="first", by="system"
    )
    Champion.objects.create(line=plant.line_1, grain="shift", method="uc", since=now, why="rolled_back", by="system")
    text = text_of(mia, PAGE)
    assert "sent back: its successor did worse" in text
    assert "first one" in text


def test_compute_now_is_asked_once_and_its_progress_is_seen(mia: Client, plant: SmallPlant) -> None:
    key = str(uuid4())
    for _ in range(2):
        assert mia.post(f"{PAGE}now/", {"key": key}).status_code == 302
    job = Refit.objects.get()
    assert (job.asked_by, job.state) == ("mia", "waiting")
    assert "Waits for the worker" in text_of(mia, PAGE)
    Refit.objects.update(state="running", step="fitting", done_share=0.4)
    text = text_of(mia, f"{PAGE}job/")
    assert 'value="0.400"' in text
    assert "fitting" in text
    assert f'data-working="{PAGE}job/"' in text
    Refit.objects.update(state="failed", error="It broke.", finished_at=job.asked_at)
    assert "It broke." in text_of(mia, f"{PAGE}job/")
    assert mia.post(f"{PAGE}now/", {"key": "no"}).status_code == 302
    assert Refit.objects.count() == 1


def said(issued: Forecast, **more: str) -> dict[str, str]:
    form = {"key": str(uuid4()), "forecast": str(issued.pk), "value": "390", "why": "The mould is worn", "verb": "say"}
    return form | {"starts_at": (issued.origin + 24 * HOUR).isoformat()} | more


def test_a_persons_figure_stands_beside_the_forecast_with_name_and_why(mia: Client, issued: Forecast) -> None:
    form = said(issued)
    for _ in range(2):
        assert mia.post(f"{PAGE}override/", form).status_code == 302
    row = ForecastOverride.objects.get()
    assert (row.value, row.point, row.by, row.why) == (390, 500, "mia", "The mould is worn")
    text = text_of(mia, PAGE)
    assert "<b>500</b>" in text
    assert "390 <small>mia: The mould is worn</small>" in text
    entry = JournalEntry.objects.get(action="forecast_override")
    assert (entry.data["before"], entry.data["after"], entry.data["point"]) == (None, 390, 500)
    issued.refresh_from_db()
    assert issued.points[1]["point"] == 500


def test_a_figure_can_be_taken_back(mia: Client, issued: Forecast) -> None:
    mia.post(f"{PAGE}override/", said(issued))
    mia.post(f"{PAGE}override/", said(issued, verb="withdraw", why="Mended"))
    assert "390 <small>" not in text_of(mia, PAGE)
    assert [entry.data["after"] for entry in JournalEntry.objects.filter(action="forecast_override")] == [390, None]


def test_a_figure_of_a_person_cannot_be_changed_in_the_database(mia: Client, issued: Forecast) -> None:
    mia.post(f"{PAGE}override/", said(issued))
    with pytest.raises(DatabaseError), transaction.atomic():
        ForecastOverride.objects.update(value=1)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"value": "12.5"}, "Write whole pieces"),
        ({"value": ""}, "Write whole pieces"),
        ({"value": "٣"}, "Write whole pieces"),
        ({"value": "10000001"}, "Pieces must lie between"),
        ({"why": "\0 "}, "Say why"),
        ({"why": "x" * 201}, "Say why"),
        ({"starts_at": "2026-03-02T06:00:00+00:00"}, "has no such time"),
        ({"starts_at": "2026-03-02T06:00:00"}, "The form was incomplete"),
        ({"key": "x"}, "The form was incomplete"),
        ({"forecast": "x"}, "The form was incomplete"),
        ({"verb": "withdraw"}, "Nobody has said another figure"),
    ],
)
def test_what_cannot_be_said_is_refused_in_a_sentence(
    mia: Client, issued: Forecast, wrong: dict[str, str], told: str
) -> None:
    answer = mia.post(f"{PAGE}override/", said(issued, **wrong), follow=True)
    assert told in answer.content.decode()
    assert not ForecastOverride.objects.exists()


def test_of_a_time_that_is_over_nothing_can_be_said(mia: Client, plant: SmallPlant, now: datetime) -> None:
    old = forecast(plant.line_1, now - 30 * HOUR, [bucket(now - 30 * HOUR, 5)])
    form = said(old, starts_at=old.origin.isoformat())
    assert "is over" in mia.post(f"{PAGE}override/", form, follow=True).content.decode()


def test_an_operator_neither_says_figures_nor_asks_for_computing(
    plant: SmallPlant, issued: Forecast, client: Client
) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    assert "Say another figure" not in text_of(client, PAGE)
    assert client.post(f"{PAGE}override/", said(issued)).status_code == 403
    assert client.post(f"{PAGE}now/", {"key": str(uuid4())}).status_code == 403


def test_all_lines_are_listed_and_those_that_need_somebody_counted(mia: Client, issued: Forecast) -> None:
    text = text_of(mia, "/improve/forecast/")
    assert "412" in text
    assert "needs somebody" not in text


def test_what_was_forecast_of_a_shift_is_named_by_it(mia: Client, plant: SmallPlant, issued: Forecast) -> None:
    shift(plant.line_1, "Morrow", issued.origin + 24 * HOUR)
    assert f"{(issued.origin + 25 * HOUR):%m-%d} Morrow" in text_of(mia, PAGE)


def test_the_earliest_forecast_is_reached_by_paging(mia: Client, plant: SmallPlant, now: datetime) -> None:
    rows = [forecast(plant.line_1, now - n * HOUR, [bucket(now, 5)]) for n in range(33)]
    first = text_of(mia, PAGE)
    assert f"{PAGE}{rows[29].pk}/" in first
    assert f"{PAGE}{rows[30].pk}/" not in first
    second = text_of(mia, f"{PAGE}?older={rows[29].pk}")
    assert f"{PAGE}{rows[32].pk}/" in second
    assert f"{PAGE}{rows[29].pk}/" not in second
    assert "Still earlier ones" not in second
    assert "Still earlier ones" in text_of(mia, f"{PAGE}?older=%00x")


def test_only_the_named_approver_approves_and_the_rule_still_holds(
    mia: Client, plant: SmallPlant, issued: Forecast, now: datetime
) -> None:
    forecast(plant.line_1, now, [], method="uc", shown=False)
    form = {"grain": "shift", "method": "uc"}
    assert "Approve another method" not in text_of(mia, PAGE)
    assert mia.post(f"{PAGE}approve/", form).status_code == 403
    Approver.objects.create(line=plant.line_1, person="mia", name="Mia", since=now, by="gina")
    assert "Approve another method" in text_of(mia, PAGE)
    told = mia.post(f"{PAGE}approve/", form, follow=True).content.decode()
    assert "uc does not take over on LINE-1" in told
    assert "Choose a method" in mia.post(f"{PAGE}approve/", form | {"method": "x"}, follow=True).content.decode()
    assert not Champion.objects.exists()
