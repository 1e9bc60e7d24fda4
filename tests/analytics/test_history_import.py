"""Hours from before Millwright: read from a file, all or nothing, once, and marked."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from analytics.imported.history_file import hours_of
from analytics.imported.imports_history import HistoryRefused, history_import
from analytics.models import HistoryHour, HistoryImport
from mes.journal.models import JournalEntry
from mes.people.models import Role
from tests.analytics.conftest import at
from tests.production.small_plant import SmallPlant

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 2, tzinfo=UTC)
GOOD = b"ds,planned_min,good,cov,item\n2026-02-02T06:00+00:00,60,512,1,COLA\n2026-02-02T07:00+00:00,60,,0,\n"
PAGE = "/improve/readiness/LINE-1/import/"


def errors_of(text: str) -> list[tuple[int, str]]:
    _, errors = hours_of(text.encode(), line="LINE-1", zone=BERLIN, now=NOW)
    return [(error.row, error.text) for error in errors]


def test_an_hour_nobody_saw_is_unknown_and_never_zero() -> None:
    seen, lost = hours_of(GOOD, line="LINE-1", zone=BERLIN, now=NOW)[0]
    assert (seen.good, seen.cov, seen.item) == (512, 1, "COLA")
    assert (lost.good, lost.cov) == (None, 0)


def test_times_without_an_offset_are_those_of_the_plant_and_semicolons_bring_commas() -> None:
    (hour,), errors = hours_of(b"ds;planned_min;good\n2026-02-02T06:00;52,5;512\n", line="L", zone=BERLIN, now=NOW)
    assert errors == []
    assert (hour.starts_at, hour.planned_min) == (datetime(2026, 2, 2, 5, tzinfo=UTC), 52.5)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2026-02-02T06:30,60,1", "not the start of an hour"),
        ("monday,60,1", "is no time"),
        ("2026-02-02T06:00,61,1", "between 0 and 60"),
        ("2026-02-02T06:00,,1", "planned_min is empty"),
        ("2026-02-02T06:00,60,-1", "between 0"),
        ("2026-02-02T06:00,60,nan", "between 0"),
        ("2026-02-02T06:00,60,many", "is no number"),
        ("2026-03-02T06:00,60,1", "not over yet"),
        ("2026-02-02T06:00,60,1,0", "nobody saw the hour"),
        ("2026-02-02T06:00,60,1,1,LINE-2", "is of line LINE-2"),
    ],
)
def test_a_wrong_row_is_named_with_what_to_do(row: str, said: str) -> None:
    ((number, text),) = errors_of(f"ds,planned_min,good,cov,line\n2026-02-01T06:00,60,1,1,LINE-1\n{row}\n")
    assert number == 3
    assert said in text


def test_a_file_without_its_columns_or_with_an_hour_twice_is_refused() -> None:
    assert "planned_min, good are missing" in errors_of("ds,made\n")[0][1]
    twice = "ds,planned_min,good\n2026-02-02T06:00,60,1\n2026-02-02T05:00+00:00,60,1\n"
    assert errors_of(twice) == [(3, "The hour stands in row 2 already: keep one of them.")]
    assert errors_of("")[0][0] == 1
    assert "no hours" in errors_of("ds,planned_min,good\n")[0][1]


def test_a_file_is_stored_whole_once_and_told_to_the_journal(plant: SmallPlant) -> None:
    told = {"line": plant.line_1, "actor": "mia", "name": "old.csv"}
    first = history_import(file=GOOD, at=at(0), **told)  # type: ignore[arg-type]
    assert history_import(file=GOOD, at=at(5), **told) == first  # type: ignore[arg-type]
    hours = HistoryHour.objects.order_by("starts_at").values_list("good", "cov", "source__file_name")
    assert list(hours) == [(512, 1, "old.csv"), (None, 0, "old.csv")]
    assert JournalEntry.objects.get(action="history_import").data["after"]["rows"] == 2
    overlapping = b"ds,planned_min,good\n2026-02-02T05:00Z,60,1\n2026-02-02T06:00Z,60,1\n"
    with pytest.raises(HistoryRefused) as refused:
        history_import(file=overlapping, at=at(9), **told)  # type: ignore[arg-type]
    assert [(one.row, "came by old.csv already" in one.text) for one in refused.value.errors] == [(3, True)]
    assert HistoryImport.objects.count() == 1


def test_the_page_imports_and_says_what_is_wrong(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.PLANNER, plant.line_1, name="pia"))
    recent = (datetime.now(UTC) - timedelta(days=9)).strftime("%Y-%m-%dT06:00Z")
    file = SimpleUploadedFile("o\0ld.csv", f"ds,planned_min,good\n{recent},60,7\n".encode())
    assert "1 hour of" in client.post(PAGE, {"file": file}, follow=True).content.decode()
    bad = client.post(PAGE, {"file": SimpleUploadedFile("bad.csv", b"ds,planned_min,good\nnever,60,7\n")})
    assert bad.status_code == 422
    assert "is no time" in bad.content.decode()
    assert client.post(PAGE).status_code == 422
    assert client.get(PAGE.replace("LINE-1", "LINE-2")).status_code == 404
    client.force_login(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    assert client.post(PAGE).status_code == 403
