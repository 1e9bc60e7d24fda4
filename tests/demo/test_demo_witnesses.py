"""The demo shows all three words about counts, and its story balances where machines vouch for each other."""

from datetime import timedelta

import pytest

from mes.demo.load import DemoInfo
from mes.plant.models import WorkCenter
from mes.witness.judge import Word
from mes.witness.models import CounterState, Tally, WitnessHour
from mes.witness.queries import comparison_of, tally_comparison
from tests.demo.conftest import NOW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("demo")]


def test_all_three_words_are_seen(demo: DemoInfo) -> None:
    known = dict(CounterState.objects.values_list("work_center__code", "status"))
    assert len(known) == WorkCenter.objects.count()
    told = {word: {code for code, status in known.items() if status == word} for word in set(known.values())}
    assert told.pop("contradicted") == {"MULTI-3"}
    assert told.pop("witnessed") == {"PRINT-3", "PALLET-3", "CRATE-2"}
    assert len(told.pop("unwitnessed")) == 8


def test_printer_and_palletizer_balance_in_every_hour_of_the_story() -> None:
    hours = list(WitnessHour.objects.select_related("witness__work_center", "witness__neighbour"))
    assert len(hours) > 27 * 24
    words = [said.word for row in hours if (said := comparison_of(row)) is not None]
    assert Word.DIFFERS not in words
    assert words.count(Word.AGREES) > 0.8 * len(words)


def test_the_counts_by_hand_are_of_today_and_of_minutes_without_a_break() -> None:
    tallies = {tally.work_center.code: tally for tally in Tally.objects.select_related("work_center")}
    assert set(tallies) == {"CRATE-2", "MULTI-3"}
    for tally in tallies.values():
        assert timedelta() < NOW - tally.ends_at < timedelta(hours=12)
        assert tally.counted_low == tally.counted_high
    assert tally_comparison(tallies["CRATE-2"], "CRATE-2").word is Word.AGREES
    assert tally_comparison(tallies["MULTI-3"], "MULTI-3").word is Word.DIFFERS
