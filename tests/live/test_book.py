"""The broadcaster's book: hands out what changed and nothing else, and its quick counts equal a full tile."""

from datetime import timedelta

import pytest

from mes.live.book import TileBook, fragment
from mes.live.tiles import tiles_for
from mes.plant.models import WorkCenter
from tests.live.conftest import NOW, Floor

pytestmark = pytest.mark.django_db


def test_a_count_changes_only_the_counts(floor: Floor) -> None:
    floor.run_steadily(NOW, 10)
    book = TileBook()
    book.load(NOW + timedelta(seconds=10))
    book.turn({floor.filler.pk}, NOW + timedelta(seconds=10))
    floor.hear(NOW + timedelta(seconds=11), good=6)
    changes = book.turn({floor.filler.pk}, NOW + timedelta(seconds=11))
    assert changes == {"L1": {"FILL-1": {"good": 6, "order_good": 6}}}


def test_a_new_state_brings_the_whole_change_at_once(floor: Floor) -> None:
    floor.run_steadily(NOW, 10)
    book = TileBook()
    book.load(NOW + timedelta(seconds=10))
    book.turn({floor.filler.pk}, NOW + timedelta(seconds=10))
    floor.hear(NOW + timedelta(seconds=11), good=5, state=("Held", "down"))
    changed = book.turn({floor.filler.pk}, NOW + timedelta(seconds=11.4))["L1"]["FILL-1"]
    assert (changed["state"], changed["word"], changed["since"]) == ("down", "Stopped", "2026-03-04T10:00:11.000Z")
    assert "name" not in changed


def test_nothing_touched_and_nothing_due_is_no_news(floor: Floor) -> None:
    floor.run_steadily(NOW, 10)
    book = TileBook()
    book.load(NOW + timedelta(seconds=10))
    assert book.turn(set(), NOW + timedelta(seconds=11)) == {}


def test_a_machine_that_falls_silent_becomes_no_data_without_being_touched(floor: Floor) -> None:
    floor.run_steadily(NOW, 10)
    book = TileBook()
    book.load(NOW + timedelta(seconds=10))
    assert book.renew(NOW + timedelta(seconds=15)) == 2
    assert book.renew(NOW + timedelta(seconds=15)) == 0
    changes = book.turn(set(), NOW + timedelta(seconds=15))
    assert changes["L1"]["FILL-1"]["state"] == "no_data"


def test_quick_counts_equal_the_first_paint(floor: Floor) -> None:
    floor.run_steadily(NOW, 20)
    book = TileBook()
    book.load(NOW)
    book.turn({floor.filler.pk}, NOW + timedelta(seconds=1))
    floor.run_steadily(NOW + timedelta(seconds=21), 20, good=10)
    book.turn({floor.filler.pk}, NOW + timedelta(seconds=3))
    kept = book.lines()["L1"]["FILL-1"]
    painted = tiles_for(floor.supervisor, now=NOW + timedelta(seconds=41))["FILL-1"]
    assert (kept["good"], kept["scrap"], kept["order_good"]) == (painted["good"], painted["scrap"], 20)
    assert painted["good"] == 20


def test_what_was_renewed_is_handed_out_once_with_the_newest_counts(floor: Floor) -> None:
    floor.run_steadily(NOW, 10)
    book = TileBook()
    book.load(NOW + timedelta(seconds=10))
    book.turn({floor.filler.pk}, NOW + timedelta(seconds=10))
    floor.hear(NOW + timedelta(seconds=14), good=6)
    book.renew(NOW + timedelta(seconds=15))
    floor.hear(NOW + timedelta(seconds=15.5), good=7)
    changed = book.turn({floor.filler.pk}, NOW + timedelta(seconds=16))["L1"]["FILL-1"]
    assert (changed["good"], changed["order_good"], changed["target"]) == (7, 7, book.lines()["L1"]["FILL-1"]["target"])
    assert book.turn(set(), NOW + timedelta(seconds=16)) == {}


def test_a_survey_brings_new_and_renamed_machines_whole_and_leaves_the_others(floor: Floor) -> None:
    book = TileBook()
    book.load(NOW)
    WorkCenter.objects.filter(pk=floor.filler.pk).update(name="Filler")
    added = WorkCenter.objects.create(code="NEW-1", name="New", line=floor.filler.line)
    found = book.survey(NOW + timedelta(seconds=30))
    assert set(found) == {"L1"}
    assert {code: tile["name"] for code, tile in found["L1"].items()} == {"FILL-1": "Filler", "NEW-1": "New"}
    assert set(book.lines()["L2"]) == {"PACK-2"}
    WorkCenter.objects.filter(pk=added.pk).update(archived=True)
    assert book.survey(NOW + timedelta(seconds=60)) == {}
    assert set(book.lines()["L1"]) == {"FILL-1"}


def test_a_fragment_is_json_without_its_braces() -> None:
    assert fragment({"A": {"good": 1}, "B": {"word": 'x"y'}}) == '"A":{"good":1},"B":{"word":"x\\"y"}'
