"""History by file: all or nothing, once, with a sentence for each error that names the row and the remedy."""

import pytest

from analytics.imports_history import BadHistory, history_import
from analytics.models import HistoryHour, HistoryImport
from mes.journal.models import JournalEntry
from tests.production.small_plant import SIX, SmallPlant

HEAD = "ds,planned_min,good,cov,item\n"


def taken(plant: SmallPlant, text: str, name: str = "h.csv") -> HistoryImport:
    return history_import(line=plant.line_1, file=text.encode(), file_name=name, actor="otto", at=SIX)


def test_hours_are_taken_in_and_an_empty_good_is_unknown(plant: SmallPlant) -> None:
    source = taken(
        plant,
        HEAD + "2026-03-01T06:00+01:00,60,4000,1,COLA-05\n2026-03-01T07:00,30,,,\n2026-03-01 08:00,0,0,,\n",
    )
    rows = HistoryHour.objects.order_by("starts_at").values_list(
        "starts_at__hour", "planned_min", "good", "cov", "item"
    )
    # Berlin is an hour ahead of UTC; what has no zone is in the plant's time
    assert list(rows) == [(5, 60, 4000, 1, "COLA-05"), (6, 30, None, 0, ""), (7, 0, 0, 1, "")]
    assert (source.rows, source.by) == (3, "otto")
    assert JournalEntry.objects.filter(action="history_import").count() == 1


def test_the_same_file_is_taken_once(plant: SmallPlant) -> None:
    text = HEAD + "2026-03-01T06:00Z,60,4000,1,\n"
    assert taken(plant, text).pk == taken(plant, text, "again.csv").pk
    assert HistoryHour.objects.count() == 1
    with pytest.raises(BadHistory, match="Row 2: the hour 2026-03-01 06:00 UTC is there already"):
        taken(plant, text + "2026-03-01T07:00Z,60,4000,1,\n")


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("yesterday,60,1,1,", "Row 3: ds 'yesterday' is no date and time"),
        ("2026-03-01T06:30Z,60,1,1,", "Row 3: ds 2026-03-01T06:30Z is no whole hour"),
        ("2026-03-02T06:00Z,60,1,1,", "Row 3: ds 2026-03-02T06:00Z is not over yet"),
        ("2026-03-01T06:00Z,61,1,1,", "Row 3: planned_min 61 is not between 0 and 60"),
        ("2026-03-01T06:00Z,,1,1,", "Row 3: planned_min is empty"),
        ("2026-03-01T06:00Z,60,-1,1,", "Row 3: good -1 is not between"),
        ("2026-03-01T06:00Z,60,many,1,", "Row 3: good 'many' is no number"),
        ("2026-03-01T05:00Z,60,1,1,", "Row 3: the hour is in row 2 already"),
        ("2026-03-01T06:00Z,60,1,1,,9", "Row 3: it has more values than the heading"),
        ("2026-03-01T06:00Z,60,inf,1,", "Row 3: good inf is not between"),
        ("2026-03-01T06:00Z,60,1,1,a\0", "NUL"),
    ],
)
def test_one_wrong_row_and_nothing_is_taken(plant: SmallPlant, row: str, sentence: str) -> None:
    with pytest.raises(BadHistory) as told:
        taken(plant, HEAD + "2026-03-01T05:00Z,60,1,1,\n" + row + "\n")
    assert sentence in told.value.errors[0]
    assert not HistoryHour.objects.exists()
    assert not HistoryImport.objects.exists()


@pytest.mark.parametrize(
    ("file", "sentence"),
    [(b"", "column ds is missing"), (HEAD.encode(), "no rows"), (b"ds,good\n", "planned_min"), (b"\xff\xfe", "UTF-8")],
)
def test_a_file_that_is_no_history_says_what_is_missing(plant: SmallPlant, file: bytes, sentence: str) -> None:
    with pytest.raises(BadHistory, match=sentence):
        history_import(line=plant.line_1, file=file, file_name="h.csv", actor="otto", at=SIX)


def test_rows_of_another_line_are_not_taken_for_this_one(plant: SmallPlant) -> None:
    with pytest.raises(BadHistory, match="Row 2: it is of line LINE-2, not LINE-1"):
        taken(plant, "line,ds,planned_min,good\nLINE-2,2026-03-01T06:00Z,60,1\n")
