"""The nightly work: put up once, taken by one worker, taken over when that one is killed, done once."""

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as product

from analytics.forecasts.child import work_off
from analytics.forecasts.refits import (
    GAVE_UP,
    LEASE,
    refit_ask,
    refit_claim,
    refit_done,
    refit_fail,
    refit_step,
    refits_offer,
    shifts_to_forecast,
    work_waits,
)
from analytics.models import Forecast, Outcome, Refit
from analytics.tasks import offer_refits
from mes.journal.models import JournalEntry
from mes.plant.models import Site
from tests.analytics.forecasts.kit import worked
from tests.production.small_plant import SIX, SmallPlant, small_plant

SECOND = timedelta(seconds=1)
NIGHT = datetime(2026, 3, 3, 2, tzinfo=UTC)  # three in Berlin


def test_every_line_is_put_up_once_a_night_from_three_at_its_plant_on(plant: SmallPlant) -> None:
    assert refits_offer(at=NIGHT - SECOND) == 0
    assert [refits_offer(at=NIGHT), refits_offer(at=NIGHT + 60 * SECOND)] == [2, 0]
    assert Refit.objects.count() == 2


def test_one_worker_has_a_run_and_says_how_far_it_is(plant: SmallPlant) -> None:
    refits_offer(at=NIGHT)
    first, second = refit_claim(at=NIGHT), refit_claim(at=NIGHT)
    assert first is not None
    assert second is not None
    assert first.line_id != second.line_id
    assert refit_claim(at=NIGHT) is None
    assert refit_step(first, "hours", 0.4, at=NIGHT + SECOND)
    row = Refit.objects.get(pk=first.pk)
    assert (row.state, row.step, row.done_share, row.held_until) == ("running", "hours", 0.4, NIGHT + SECOND + LEASE)
    assert refit_done(first, at=NIGHT + SECOND, cpu_s=1.5)
    assert not refit_done(first, at=NIGHT + SECOND, cpu_s=9.0)
    assert Refit.objects.get(pk=first.pk).cpu_s == 1.5


def test_a_worker_that_was_not_heard_loses_its_run_and_can_say_no_more(plant: SmallPlant) -> None:
    refit_ask(line=plant.line_1, key=uuid4(), actor="otto", at=SIX)
    old = refit_claim(at=SIX)
    assert old is not None
    assert refit_claim(at=SIX + LEASE) is None
    new = refit_claim(at=SIX + LEASE + SECOND)
    assert new is not None
    assert (new.pk, new.attempt) == (old.pk, 2)
    assert not refit_step(old, "days", 0.8, at=SIX + LEASE + SECOND)
    assert not refit_done(old, at=SIX + LEASE + SECOND, cpu_s=1)
    assert refit_done(new, at=SIX + LEASE + SECOND, cpu_s=1)


def test_after_three_attempts_a_run_is_given_up_with_a_sentence(plant: SmallPlant) -> None:
    refit_ask(line=plant.line_1, key=uuid4(), actor="otto", at=SIX)
    now = SIX
    for _ in range(3):
        assert refit_claim(at=now) is not None
        now += LEASE + SECOND
    assert refit_claim(at=now) is None
    row = Refit.objects.get()
    assert (row.state, row.error) == ("failed", GAVE_UP)


def test_a_failed_step_is_tried_again_and_the_third_failure_stays(plant: SmallPlant) -> None:
    refit_ask(line=plant.line_1, key=uuid4(), actor="otto", at=SIX)
    for state in ("waiting", "waiting", "failed"):
        held = refit_claim(at=SIX)
        assert held is not None
        assert refit_fail(held, "no room", at=SIX)
        assert Refit.objects.get().state == state
    assert Refit.objects.get().error == "no room"


def test_asked_twice_by_the_same_form_it_is_one_run_and_goes_first(plant: SmallPlant) -> None:
    key = uuid4()
    refits_offer(at=NIGHT)
    runs = {refit_ask(line=plant.line_2, key=key, actor="otto", at=NIGHT + SECOND).pk for _ in range(2)}
    assert JournalEntry.objects.filter(action="refit_ask").count() == 1
    held = refit_claim(at=NIGHT + SECOND)
    assert held is not None
    assert {held.pk} == runs


def test_a_shift_that_began_is_forecast_once_from_its_beginning(plant: SmallPlant) -> None:
    assert shifts_to_forecast(at=SIX - SECOND) == []
    assert shifts_to_forecast(at=SIX) == [(plant.line_1, SIX)]
    assert work_waits(at=SIX)
    work_off(until_s=0, clock=lambda: SIX)
    assert Forecast.objects.get(grain="shift", shown=True).origin == SIX
    assert not work_waits(at=SIX)


@pytest.mark.django_db(transaction=True)
def test_a_killed_child_loses_nothing_and_its_run_is_done_once() -> None:
    """The child is really killed, at its second step; another takes the run over after the lease."""
    plant = small_plant()
    now = worked(plant, 30, lambda day, hour: 3000)
    refit_ask(line=plant.line_1, key=uuid4(), actor="otto", at=now)
    kills_itself = (
        "import django, os; django.setup()\n"
        "from datetime import datetime\n"
        "from analytics.forecasts import child, issue\n"
        "issue.forecasts_issue = lambda **told: os.kill(os.getpid(), 9)\n"
        f"now = datetime.fromisoformat({now.isoformat()!r})\n"
        "child.work_off(until_s=9, clock=lambda: now)\n"
    )
    env = os.environ | {"MES_DATABASE_URL": _test_database()}
    # begun is no shift: the child must reach the run itself
    plant.line_1.shifts.filter(starts_at=now).delete()
    died = subprocess.run([sys.executable, "-c", kills_itself], cwd=product.BASE_DIR, env=env, check=False, timeout=60)
    assert died.returncode == -9
    left = Refit.objects.get()
    assert (left.state, left.attempts, left.step) == ("running", 1, "hours")
    assert Outcome.objects.filter(grain="shift").count() == 30
    assert work_off(until_s=5, clock=lambda: now + LEASE) == 0
    assert work_off(until_s=5, clock=lambda: now + LEASE + SECOND) == 1
    row = Refit.objects.get()
    assert (row.state, row.attempts, row.done_share) == ("done", 2, 1.0)
    assert sorted(Forecast.objects.filter(shown=True).values_list("grain", flat=True)) == ["day", "hour", "shift"]
    assert work_off(until_s=5, clock=lambda: now + 3 * LEASE) == 0


def _test_database() -> str:
    """The address of the database of this test, not of the one it was made from."""
    from django.db import connection

    base, _, _ = os.environ["MES_DATABASE_URL"].rpartition("/")
    return f"{base}/{connection.settings_dict['NAME']}"


def test_an_admin_can_do_without_nightly_forecasts(plant: SmallPlant, settings: Any) -> None:
    awake = "UTC" if datetime.now(UTC).hour >= 3 else "Asia/Bangkok"  # seven hours ahead
    Site.objects.update(time_zone=awake)
    settings.FORECASTS = False
    offer_refits()
    assert not Refit.objects.exists()
    settings.FORECASTS = True
    offer_refits()
    assert Refit.objects.count() == 2
