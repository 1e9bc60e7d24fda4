"""The page behind every "Why?": the shift reckoned by hand, mistakes in the address, and whose numbers they are."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.template import Context, Template
from django.test import Client

from mes.people.models import Role
from tests.oee.explain_kit import EIGHT_H, shift_story
from tests.production.small_plant import SIX, SmallPlant, shift_around, small_plant

SPAN = {"from": "2026-03-02T06:00:00Z", "to": "2026-03-02T14:00:00Z"}


@pytest.fixture
def plant(db: None) -> SmallPlant:
    plant = small_plant()
    shift_story(plant)
    return plant


@pytest.fixture
def mia(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1, name="mia"))
    return client


def test_the_page_puts_the_values_into_the_formula_and_shows_that_all_time_is_explained(mia: Client) -> None:
    answer = mia.get("/explain/", {"work_center": "PACK", "kpi": "availability", **SPAN})
    assert answer.status_code == 200
    text = answer.content.decode()
    for words in (
        "Availability of Packer: 77.0 %",
        "production time 5 h 31 min / known planned busy time 7 h 10 min = 77.0 %",
        "480.0 of 480.0 min explained",
        "25,000 good listed: 25,000 in scheduled time, 0 outside",
        "PLC-1 did not answer",
        "A person gave the reason: Jam infeed.",
        "Counted across a gap in the data",
        "Standstills shorter than 120 s count as lost speed (performance).",
        "Nobody changed anything.",
        "2026-03-02 07:00:00",  # the plant's wall time
    ):
        assert words in text, words


def test_a_line_links_to_its_machines_and_a_week_to_its_days(mia: Client) -> None:
    text = mia.get("/explain/", {"line": "LINE-1", **SPAN}).content.decode()
    assert "/explain/?work_center=PACK&amp;from=2026-03-02T06%3A00%3A00Z" in text
    assert "Bottleneck of COLA-05: PACK." in text
    week = mia.get("/explain/", {"work_center": "PACK", "from": "2026-02-27T00:00Z", "to": "2026-03-06T00:00Z"})
    assert "from=2026-03-01T23%3A00%3A00Z&amp;to=2026-03-02T23%3A00%3A00Z" in week.content.decode()


def test_without_a_question_the_page_asks_one(mia: Client) -> None:
    answer = mia.get("/explain/")
    assert answer.status_code == 200
    assert "Why is a number what it is?" in answer.content.decode()


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"work_center": "PACK"}, "both ends"),
        ({"work_center": "PACK", "from": SPAN["to"], "to": SPAN["from"]}, "both ends"),
        ({"work_center": "PACK", "from": "0001-01-01T00:00:00+10:00", "to": SPAN["to"]}, "both ends"),
        ({"work_center": "PACK", "line": "LINE-1", **SPAN}, "Choose one place"),
        ({"work_center": "PACK", "kpi": "luck", **SPAN}, "no number of that name"),
        ({"work_center": "PACK", "policy": "mine", **SPAN}, "no policy of that name"),
        ({"work_center": "PACK", "from": "2020-01-01T00:00Z", "to": SPAN["to"]}, "366 days"),
    ],
)
def test_mistakes_in_the_address_are_told_and_nothing_breaks(mia: Client, query: dict[str, str], words: str) -> None:
    answer = mia.get("/explain/", query)
    assert answer.status_code == 400
    assert words in answer.content.decode()


@pytest.mark.parametrize(
    "query", [{"work_center": "PRESS"}, {"line": "LINE-2"}, {"site": "NONE"}, {"area": "A\0B"}, {"work_center": "\0"}]
)
def test_what_is_not_on_the_persons_lines_does_not_exist(mia: Client, query: dict[str, str]) -> None:
    assert mia.get("/explain/", query | SPAN).status_code == 404


def _rendered(**values: object) -> str:
    template = Template("{% load explaining %}{% why kind code start end 'oee' %}")
    return template.render(Context({"kind": "line", "code": "LINE-1", "start": EIGHT_H[0], "end": EIGHT_H[1]} | values))


def test_the_link_behind_a_number_names_place_time_and_number() -> None:
    assert (
        'href="/explain/?line=LINE-1&amp;from=2026-03-02T06%3A00%3A00Z&amp;to=2026-03-02T14%3A00%3A00Z&amp;kpi=oee"'
        in (_rendered())
    )
    assert "How OEE of LINE-1 comes about" in _rendered()


@pytest.mark.parametrize("values", [{"start": None}, {"end": ""}, {"code": ""}, {"end": SIX - timedelta(hours=1)}])
def test_without_a_window_there_is_no_link(values: dict[str, object]) -> None:
    assert _rendered(**values) == ""


def test_an_iso_text_is_an_instant() -> None:
    assert "from=2026-03-02T05%3A00%3A00Z" in _rendered(start="2026-03-02T06:00:00+01:00")


def test_every_kpi_of_the_shift_page_leads_to_its_explanation(mia: Client) -> None:
    text = mia.get("/shift/LINE-1/2026-03-02/Early/").content.decode()
    for kpi in ("oee", "availability", "performance", "quality", "coverage"):
        for place in ("line=LINE-1", "work_center=PACK", "work_center=FILL"):
            link = f"/explain/?{place}&amp;from=2026-03-02T06%3A00%3A00Z&amp;to=2026-03-02T14%3A00%3A00Z&amp;kpi={kpi}"
            assert f'href="{link}"' in text, (kpi, place)


def test_every_kpi_of_a_machines_page_leads_to_its_explanation(plant: SmallPlant, mia: Client) -> None:
    shift_around(plant.line_1, datetime.now(UTC))
    text = mia.get("/floor/PACK/").content.decode()
    for kpi in ("oee", "availability", "performance", "quality"):
        assert re.search(rf'href="/explain/\?work_center=PACK&amp;from=[^"]*&amp;kpi={kpi}"', text), kpi
