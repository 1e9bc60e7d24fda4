"""The losses pages on a plant worked by hand: sentences, numbers, addresses, files, and who sees what."""

import csv
import io
import re
import zipfile
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import pytest
from django.test import Client

from mes.downtime.models import Stop
from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.plant.models import WorkCenter
from mes.production.models import Run, Target
from mes.tracking.models import StateInterval
from tests.production.small_plant import SIX, SmallPlant, counted, small_plant

MIN = timedelta(minutes=1)
SPAN = {"from": "2026-03-02T06:00:00Z", "to": "2026-03-02T14:00:00Z"}
PACK = {"work_center": "PACK", **SPAN}
PAGES = ("", "pareto/", "stops/", "waterfall/", "trends/", "compare/", "targets/")


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """Packer, 480 min with 30 of break: 390 run, 40 jam, 20 nobody knows why. 25,000 good and 500 scrap at 0.8 s."""
    plant = small_plant()
    order = plant.order("WO-1", quantity="30000")
    Run.objects.create(
        work_center=plant.packer, order=order, item=plant.cola, started_by="o", starts_at=SIX, ends_at=SIX + 480 * MIN
    )
    for start, end, kind in [(0, 100, "run"), (100, 140, "down"), (140, 240, "run"), (240, 270, "idle")]:
        state(plant.packer, start, end, kind)
    for start, end, kind in [(270, 290, "down"), (290, 480, "run")]:
        state(plant.packer, start, end, kind)
    stop(plant.packer, 100, 140, reason=plant.jam, note='=HYPERLINK("http://x")', explained_by="otto")
    stop(plant.packer, 270, 290)
    counted(plant.packer, SIX + 30 * MIN, good=25000, scrap=500, order=order, shift=plant.shift)
    return plant


def state(place: WorkCenter, start: int, end: int, kind: str) -> None:
    StateInterval.objects.create(
        work_center=place, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state=kind, kind=kind
    )


def stop(place: WorkCenter, start: int, end: int, **fields: object) -> Stop:
    return Stop.objects.create(
        work_center=place, starts_at=SIX + start * MIN, ends_at=SIX + end * MIN, state="Down", kind="down", **fields
    )


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="mia"))
    return client


def rows_of(client: Client, page: str, table: str, **query: str) -> list[list[object]]:
    """The rows of a table as the page holds them."""
    found = client.get(f"/improve/{page}", PACK | query).context["tables"][table]
    return [list(row.values) for row in found.rows]


def test_the_first_sentence_names_the_biggest_loss(mia: Client) -> None:
    page = mia.get("/improve/", PACK).content.decode()
    assert "Biggest loss on 2026-03-02: Packer: Jam infeed, 40 min, 1 stop." in page
    assert "33 % of the stop time that should have a reason has none: 20 min." in page  # 20 of 60


def test_the_overview_shows_the_numbers_of_the_door(mia: Client) -> None:
    context = mia.get("/improve/", PACK).context
    said = {one["field"]: one["text"] for one in context["four"]}
    # OEE 25,000 x 0.8 s of 27,000 s; A 390 of 450; P 25,500 x 0.8 s of 23,400 s; Q 25,000 of 25,500
    assert said == {"oee": "74.1", "availability": "86.7", "performance": "87.2", "quality": "98.0"}
    assert context["target"] == 85
    top = [list(row.values) for row in context["tables"]["top"].rows]
    assert top == [["Packer: Jam infeed", 40, 1], ["Packer: No reason given", 20, 1]]


def test_the_waterfall_adds_up_to_the_millisecond(mia: Client) -> None:
    """450 busy, 60 stood, 390 ran; 25,500 x 0.8 s = 340 min net, so 50 slow; 500 x 0.8 s scrap; 333 1/3 min good."""
    rows = {str(name): minutes for name, _kind, minutes, _share in rows_of(mia, "waterfall/", "steps")}
    assert rows["Scheduled time"] == 480
    assert rows["Planned stops"] == 30
    assert rows["Planned busy time"] == 450
    assert rows["Breakdowns and other stops"] == 60
    assert rows["Reduced speed"] == 50
    assert rows["Net production time"] == 340
    assert rows["Production rejects"] == pytest.approx(400 / 60)
    assert rows["Good time"] == pytest.approx(20_000 / 60)
    context = mia.get("/improve/waterfall/", PACK | {"base": "calendar"}).context
    assert context["proof"] == "480.0 of 480.0 min accounted for."
    assert [row.values[0] for row in context["tables"]["six"].rows][:2] == [
        "Breakdowns and other stops",
        "Reduced speed",
    ]


def test_the_pareto_ranks_by_minutes_or_by_number(plant: SmallPlant, mia: Client) -> None:
    for start in (300, 310, 320):
        stop(plant.packer, start, start + 3, reason=plant.motor)
    minutes = rows_of(mia, "pareto/", "pareto")
    assert [(row[0], row[1], row[2]) for row in minutes] == [
        ("Jam infeed", 40, 1),
        ("No reason given", 20, 1),
        ("Motor fault", 9, 3),
    ]
    assert minutes[0][4] == pytest.approx(40 / 69 * 100)
    assert minutes[2][5] == pytest.approx(100)
    number = rows_of(mia, "pareto/", "pareto", count="stops")
    assert (number[0][0], number[0][2]) == ("Motor fault", 3)


@pytest.mark.parametrize("by", ["reason", "machine", "machine_reason", "item", "shift", "crew"])
def test_a_click_on_a_bar_lists_its_stops_with_the_same_minutes(mia: Client, by: str) -> None:
    table = mia.get("/improve/pareto/", PACK | {"by": by}).context["tables"]["pareto"]
    assert table.rows
    for row in table.rows:
        listed = mia.get(row.href).context["tables"]["stops"]
        assert sum(one.values[3] for one in listed.rows) == row.values[1], row.href
        assert len(listed.rows) == row.values[2]


def test_the_trend_shows_bounds_targets_and_reliability_with_its_convention(plant: SmallPlant, mia: Client) -> None:
    Stop.objects.filter(reason=plant.jam).update(reason=plant.motor)  # a failure: one in 390 min of operation
    page = mia.get("/improve/trends/", PACK | {"group": "shift"})
    [row] = page.context["tables"]["trend"].rows
    assert row.values[0] == "2026-03-02 Early"
    assert row.values[1] == pytest.approx(20_000 / 27_000 * 100)
    assert row.values[4] == 85
    assert "from=2026-03-02T06%3A00%3A00Z" in row.why
    found = {str(one.values[0]): one.values[1:] for one in page.context["tables"]["reliability"].rows}
    assert found["MTBF"] == [390.0, "operating time / failures"]
    assert found["Mean down time of failures"][0] == 40
    assert found["Failures"][0] == 1


def test_what_is_hardly_known_is_grey_r40(plant: SmallPlant, mia: Client) -> None:
    StateInterval.objects.filter(kind="run", starts_at=SIX + 290 * MIN).delete()  # 190 of 450 min unknown
    page = mia.get("/improve/trends/", PACK | {"group": "shift"})
    assert page.context["tables"]["trend"].rows[0].faint
    assert page.context["charts"]["trend"].chart["data"][0]["marker"]["symbol"] == ["circle-open"]
    assert b'class="faint' in page.content


def test_two_times_are_compared_and_the_largest_change_comes_first(plant: SmallPlant, mia: Client) -> None:
    halves = {"from": "2026-03-02T10:00:00Z", "to": "2026-03-02T14:00:00Z"}
    page = mia.get("/improve/compare/", PACK | halves)  # without another time: the four hours before
    rows = [list(row.values) for row in page.context["tables"]["losses"].rows]
    assert rows == [
        ["Packer: Jam infeed", 40, 0, -40, 1, 0],
        ["Packer: No reason given", 0, 20, 20, 0, 1],
    ]
    times = {row.values[0]: list(row.values[1:]) for row in page.context["tables"]["times"].rows}
    assert times["Scheduled"] == [240, 240, 0]
    assert times["Running"] == [200, 190, -10]
    assert "Changed most: Packer: Jam infeed, −40 min." in page.content.decode()


def test_an_address_says_everything_and_comes_back_as_it_was(mia: Client) -> None:
    for query in (PACK, {"line": "LINE-1", "range": "30d"}, {"site": "SITE", "range": "7d"}, {"area": "AREA", **SPAN}):
        asked = mia.get("/improve/", query).context["asked"]
        assert {key: value for key, [value] in parse_qs(asked.query()[1:]).items()} == query
    tabs = mia.get("/improve/pareto/", PACK | {"by": "item"}).context["tabs"]
    assert {key: value for key, [value] in parse_qs(urlsplit(tabs[0][1]).query).items()} == PACK
    days = mia.get("/improve/", {"place": "line:LINE-1", "from": "2026-03-02", "to": "2026-03-03"}).context["asked"]
    assert days.query(range="").startswith("?line=LINE-1&from=2026-03-01T23%3A00%3A00Z&to=2026-03-03T23%3A00%3A00Z")


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"from": "tomorrow", "to": "2026-03-03"}, "is no time"),
        ({"from": "2026-03-02"}, "One end of the time is missing"),
        ({"from": "2026-03-04", "to": "2026-03-02"}, "must lie before"),
        ({"from": "2020-01-01", "to": "2026-03-02"}, "More than 366 days"),
        ({"from": "2199-01-01", "to": "2199-03-02"}, "has not begun"),
        ({"from": "0001-01-05", "to": "0001-01-09"}, "is no time"),
        ({"from": "9999-12-31", "to": "9999-12-31"}, "is no time"),
        ({"line": "LINE-1", "site": "SITE"}, "more than one place"),
    ],
)
def test_an_address_that_makes_no_sense_is_answered_in_words(mia: Client, query: dict[str, str], said: str) -> None:
    answer = mia.get("/improve/", query)
    assert answer.status_code == 400
    assert said in answer.content.decode()


def test_places_outside_a_persons_lines_do_not_exist(plant: SmallPlant, mia: Client) -> None:
    for query in ({"line": "LINE-2"}, {"work_center": "PRESS"}, {"site": "X"}, {"place": "plc:X"}, {"line": "\0"}):
        for page in PAGES:
            assert mia.get(f"/improve/{page}", query).status_code == 404, (page, query)
    assert "PRESS" not in mia.get("/improve/", {"site": "SITE", **SPAN}).content.decode()
    assert Client().get("/improve/").status_code == 302


def test_somebody_without_lines_reads_whom_to_ask(plant: SmallPlant, client: Client) -> None:
    nobody = plant.person(Role.MANAGER, plant.line_1, name="nora")
    nobody.lines.clear()
    client.force_login(nobody)
    assert "Ask an admin" in client.get("/improve/").content.decode()


def test_a_csv_file_says_what_its_numbers_are_of_and_runs_no_formula(mia: Client) -> None:
    answer = mia.get("/improve/stops/", PACK | {"format": "csv", "table": "stops"})
    assert answer["Content-Disposition"] == 'attachment; filename="stops-PACK-2026-03-02-stops.csv"'
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert rows[0] == ["Place", "Packer (work_center PACK)"]
    assert rows[1][1].startswith("2026-03-02T06:00:00Z")
    head = rows.index(["Machine", "From", "To", "In planned time (min)", "State", "Reason", "Note", "By"])
    assert rows[head + 1][3] == "40.0"
    assert rows[head + 1][6] == '\'=HYPERLINK("http://x")'
    pareto = mia.get("/improve/pareto/", PACK | {"format": "csv"}).content.decode("utf-8-sig")
    about = dict(row for row in csv.reader(io.StringIO(pareto)) if len(row) == 2)
    assert about["Policy"] == "six-losses v1, stops under 120 s are lost speed"
    assert about["Time with data"] == "100 %"


def cells(content: bytes, sheet: int) -> dict[str, object]:
    """Cell to value of a sheet: numbers as floats, texts as they are, formulas as ("formula", text)."""
    space = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        texts = ["".join(one.itertext()) for one in ElementTree.fromstring(book.read("xl/sharedStrings.xml"))]  # noqa: S314
        tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314
    found: dict[str, object] = {}
    for cell in tree.iterfind(".//m:c", space):
        formula, value = cell.find("m:f", space), cell.find("m:v", space)
        if formula is not None:
            found[cell.attrib["r"]] = ("formula", formula.text)
        elif value is not None and value.text:
            found[cell.attrib["r"]] = texts[int(value.text)] if cell.get("t") == "s" else float(value.text)
    return found


def test_an_xlsx_file_holds_numbers_as_numbers_and_texts_as_texts(mia: Client) -> None:
    found = cells(mia.get("/improve/stops/", PACK | {"format": "xlsx"}).content, 1)
    assert not [value for value in found.values() if isinstance(value, tuple)]
    assert '=HYPERLINK("http://x")' in found.values()  # a text cell: shown, never run
    assert found["A1"] == "Place"
    assert 40.0 in found.values()
    book = mia.get("/improve/", PACK | {"format": "xlsx", "group": "shift"}).content
    assert cells(book, 1)["B1"] == "Packer (work_center PACK)"
    head = next(cell for cell, value in cells(book, 4).items() if value == "OEE (%)")
    below = f"{head[0]}{int(head[1:]) + 1}"
    assert cells(book, 4)[below] == pytest.approx(20_000 / 27_000 * 100)


@pytest.mark.parametrize("page", [page for page in PAGES if page != "targets/"])
def test_every_table_of_every_page_can_be_taken_along(mia: Client, page: str) -> None:
    for key, table in mia.get(f"/improve/{page}", PACK).context["tables"].items():
        rows = list(
            csv.reader(
                io.StringIO(
                    mia.get(f"/improve/{page}", PACK | {"format": "csv", "table": key}).content.decode("utf-8-sig")
                )
            )
        )
        assert rows[-1 - len(table.rows)] == [column.title for column in table.columns]
        assert mia.get(f"/improve/{page}", PACK | {"format": "xlsx", "table": key}).status_code == 200
    assert mia.get(f"/improve/{page}", PACK | {"format": "pdf"}).status_code == 404
    assert mia.get(f"/improve/{page}", PACK | {"format": "csv", "table": "x"}).status_code == 404


def test_every_number_that_is_a_kpi_can_be_explained_for_the_same_time(mia: Client) -> None:
    page = mia.get("/improve/", PACK).content.decode()
    addresses = {
        parse_qs(urlsplit(one.replace("&amp;", "&")).query)["kpi"][0]: one
        for one in re.findall(r'href="(/explain/[^"]+)"', page)
    }
    assert {"oee", "availability", "performance", "quality"} <= set(addresses)
    assert mia.get(addresses["availability"].replace("&amp;", "&")).status_code == 200


def test_a_supervisor_sets_a_target_and_finance_may_not(plant: SmallPlant, mia: Client) -> None:
    form = {"place": "line:LINE-1", "item": "COLA-05", "percent": "72,5", "from": "", "why": "new belt"}
    page = mia.post("/improve/targets/set/", form, follow=True).content.decode()
    assert "Line one is to reach 72.5 % OEE" in page
    assert str(Target.objects.get().target_oee) == "0.725"
    assert JournalEntry.objects.filter(action="target_set", actor="mia").count() == 1
    for wrong in ({"percent": "x"}, {"percent": "120"}, {"percent": "72.55"}, {"percent": "NaN"}, {"from": "soon"}):
        mia.post("/improve/targets/set/", form | {"percent": "80"} | wrong)
    mia.post("/improve/targets/set/", form | {"percent": "80", "from": "2020-01-01"})
    assert Target.objects.count() == 1
    assert mia.post("/improve/targets/set/", form | {"place": "line:LINE-2"}).status_code == 404
    assert mia.post("/improve/targets/set/", form | {"why": "\0"}).status_code == 404
    mia.force_login(plant.person(Role.FINANCE, name="fin"))
    assert mia.post("/improve/targets/set/", form).status_code == 403


def test_the_number_of_queries_does_not_grow_with_days_or_stops(
    plant: SmallPlant, mia: Client, django_assert_max_num_queries: object
) -> None:
    for start in range(300, 470, 3):
        stop(plant.packer, start, start + 2, reason=plant.jam)
    for page in ("pareto/", "waterfall/", "trends/"):
        with django_assert_max_num_queries(60):  # type: ignore[operator]
            mia.get(f"/improve/{page}", PACK | {"from": "2026-01-02", "to": "2026-03-02"})
