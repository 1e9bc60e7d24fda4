"""Quality pages by plain forms: a due check at the station, the hold it opens, its decision, and the control chart."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.test import Client

from mes.people.models import Role
from mes.production.models import Run, WorkOrder
from mes.quality.checks import check_record
from mes.quality.judging import Reading
from mes.quality.models import Characteristic, Check, ControlLimits, Hold, Nonconformance, Trigger
from tests.production.small_plant import SmallPlant, small_plant

MIN = timedelta(minutes=1)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """WO-1 runs on the packer since half an hour; its fill weight is checked at every start and every 20 minutes."""
    plant, now = small_plant(), datetime.now(UTC)
    order = plant.order("WO-1")
    Run.objects.create(
        work_center=plant.packer, order=order, item=plant.cola, starts_at=now - 30 * MIN, started_by="otto"
    )
    weight = Characteristic.objects.create(
        code="FILL-W", name="Fill weight", work_center=plant.packer, unit="g", decimals=1, lsl=Decimal("10.0"),
        usl=Decimal("10.4"), chart="individuals", reaction="Stop and call quality.",
    )  # fmt: skip
    Trigger.objects.create(characteristic=weight, kind="start")
    Trigger.objects.create(characteristic=weight, kind="minutes", every=20)
    return plant


@pytest.fixture
def operator(plant: SmallPlant, client: Client) -> Client:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    return client


def quinn(plant: SmallPlant) -> Client:
    client = Client()
    client.force_login(plant.person(Role.QUALITY, plant.line_1, name="quinn"))
    return client


def form_key(client: Client, path: str) -> str:
    page = client.get(path, follow=True).content.decode()
    found = re.search(r'name="key" value="([^"]+)"', page)
    assert found
    return found[1]


def weighed(plant: SmallPlant, *values: str) -> None:
    weight, now = Characteristic.objects.get(code="FILL-W"), datetime.now(UTC)
    for number, value in enumerate(values):
        check_record(
            characteristic=weight, reading=Reading(values=(Decimal(value),)), actor="quinn", at=now, key=uuid4(),
            taken_at=now - timedelta(minutes=len(values) - number),
        )  # fmt: skip


ENTRY = "/station/PACK/checks/FILL-W/"


def test_a_due_check_stands_on_the_station_and_is_gone_once_entered(plant: SmallPlant, operator: Client) -> None:
    page = operator.get("/station/PACK/").content.decode()
    assert "1 check is due" in page
    assert "Overdue" in page  # due since the start 30 minutes ago, 15 are granted
    entry = operator.get(ENTRY, follow=True).content.decode()
    assert "10.4" not in entry  # limits are not shown before the value is in
    said = operator.post(ENTRY, {"key": form_key(operator, ENTRY), "value": "10,2"}, follow=True).content.decode()
    assert "Fill weight: 10.2 g. Within limits. Allowed: 10.0 to 10.4." in said
    assert "check is due" not in said


def test_a_double_tap_is_one_check_and_going_back_says_so(plant: SmallPlant, operator: Client) -> None:
    key = form_key(operator, ENTRY)
    for _ in range(2):
        assert operator.post(f"{ENTRY}?key={key}", {"key": key, "value": "10.2"}).status_code == 302
    assert Check.objects.count() == 1
    assert "counts once" in operator.get(f"{ENTRY}?key={key}").content.decode()


def test_out_of_limits_opens_one_hold_that_quality_decides_once(plant: SmallPlant, operator: Client) -> None:
    key = form_key(operator, ENTRY)
    for _ in range(2):
        said = operator.post(ENTRY, {"key": key, "value": "10.5"}, follow=True).content.decode()
    held = Hold.objects.get()
    assert f"HOLD-{held.pk}: what was made since the last good check is on hold" in said
    assert "Allowed: 10.0 to 10.4." in said
    assert "Stop and call quality." in said
    assert "Fill weight: 10.5 g, allowed 10.0 to 10.4" in operator.get("/station/PACK/").content.decode()
    page = f"/quality/-/ncr/{held.nonconformance.pk}/"
    assert operator.get(f"/quality/-/holds/{held.pk}/").headers["Location"] == page
    decision = {"do": "dispose", "disposition": "rework", "decision": "Refill below the mark"}
    assert operator.post(page, decision).status_code == 403
    quality = quinn(plant)
    assert "1 report waits for a decision" in quality.get("/quality/").content.decode()
    assert quality.post(page, decision | {"decision": ""}).status_code == 422
    assert quality.post(page, decision).status_code == 302
    assert quality.post(page, decision).status_code == 302
    assert "Nothing on hold, no check due" in quality.get("/quality/").content.decode()
    assert "Refill below the mark" in quality.get(page).content.decode()


@pytest.mark.parametrize("value", ["ten", "10.25", "", "10\x00", "9" * 40])
def test_what_is_no_value_is_refused_with_a_sentence(plant: SmallPlant, operator: Client, value: str) -> None:
    answer = operator.post(f"{ENTRY}?key={uuid4()}", {"key": str(uuid4()), "value": value})
    assert (answer.status_code, Check.objects.count()) == (422, 0)
    assert "Nothing was entered" in answer.content.decode()


def test_a_check_that_cannot_be_made_is_entered_with_its_reason(plant: SmallPlant, operator: Client) -> None:
    key = form_key(operator, ENTRY)
    operator.post(ENTRY, {"key": key, "value": "", "quick": "", "note": "Scale broken"})
    assert (Check.objects.get().verdict, Check.objects.get().note) == ("missed", "Scale broken")
    assert "check is due" not in operator.get("/station/PACK/").content.decode()


def test_yes_or_no_of_one_piece_is_a_single_tap(plant: SmallPlant, operator: Client) -> None:
    Characteristic.objects.create(
        code="LABEL", name="Label", work_center=plant.packer, kind="yes-no", chart="p", subgroup_size=1
    )
    for tap, verdict in (("0", "good"), ("1", "out")):
        path = "/station/PACK/checks/LABEL/"
        assert operator.post(path, {"key": form_key(operator, path), "quick": tap}).status_code == 302
        assert Check.objects.latest("pk").verdict == verdict


def test_other_lines_do_not_exist_and_other_roles_may_not(plant: SmallPlant, client: Client) -> None:
    weighed(plant, "10.5")
    held = Hold.objects.get()
    client.force_login(plant.person(Role.OPERATOR, plant.line_2))
    for path in (ENTRY, "/station/PACK/checks/", "/quality/FILL-W/", f"/quality/-/holds/{held.pk}/"):
        assert client.get(path).status_code == 404
    assert "FILL-W" not in client.get("/quality/").content.decode()
    assert "HOLD-" not in client.get("/quality/").content.decode()
    client.force_login(plant.person(Role.FINANCE))
    for path in (ENTRY, "/quality/", "/quality/FILL-W/"):
        assert client.get(path).status_code == 403
    client.force_login(plant.person(Role.MANAGER))
    assert client.get("/quality/FILL-W/").status_code == 200
    assert client.post("/quality/FILL-W/limits/", {"newest": 5, "seen": 0, "why": "x"}).status_code == 403
    assert client.post("/quality/FILL-W/withdraw/", {"why": "x"}).status_code == 403


def test_the_chart_page_shows_limits_capability_and_its_cautions(plant: SmallPlant) -> None:
    # 10.1, 10.3, 10.2: centre 10.2, moving ranges 0.2 and 0.1, sigma 0.15 / 1.128379 = 0.132934; 3 sigma = 0.398802
    weighed(plant, "10.1", "10.3", "10.2")
    quality = quinn(plant)
    page = quality.get("/quality/FILL-W/").content.decode()
    assert "trial limits" in page
    assert "9.801 … 10.599" in page
    # Cp = 0.4 / (6 x 0.132934) = 0.50; Pp with the deviation of all, 0.1: 0.4 / 0.6 = 0.67
    assert re.findall(r'<th scope="row">(Cp|Cpk|Pp|Ppk)</th><td class="num">([^<]+)<', page) == [
        ("Cp", "0.50"), ("Cpk", "0.50"), ("Pp", "0.67"), ("Ppk", "0.67"),
    ]  # fmt: skip
    assert "3 values: the interval says more than the figure." in page
    assert "about one false alarm in 159 checks" in page  # N1, N2 and N5
    assert "provisional" in page


def test_limits_are_frozen_once_by_who_may_and_without_what_was_ticked(plant: SmallPlant) -> None:
    weighed(plant, "10.1", "10.2", "10.4", "10.1", "10.2")
    odd = Check.objects.get(values=[Decimal("10.4")])
    quality = quinn(plant)
    form = {"newest": "5", "seen": "0", "why": "first limits", "out": str(odd.pk)}
    for _ in range(2):
        page = quality.post("/quality/FILL-W/limits/", form, follow=True).content.decode()
    limits = ControlLimits.objects.get()
    assert (limits.version, limits.samples, limits.actor) == (1, 4, "quinn")
    assert limits.center == pytest.approx(10.15)
    assert "Version 1 since" in page
    assert page.count("9.884 … 10.416") == 5  # 10.15 -+ 3 x 0.1 / 1.128379, from the first check on
    assert "Provisional limits: learned from 4 checks only." in page
    for wrong in ({"newest": "x"}, {"newest": "1", "seen": "1"}, {"newest": "5", "seen": "1", "why": "a\0"}):
        assert quality.post("/quality/FILL-W/limits/", form | wrong).status_code == 302
    assert ControlLimits.objects.count() == 1


def test_a_check_taken_back_is_a_gap_and_asks_again(plant: SmallPlant) -> None:
    weighed(plant, "10.1", "10.5", "10.2")
    key = Check.objects.get(values=[Decimal("10.5")]).key
    quality = quinn(plant)
    quality.post("/quality/FILL-W/withdraw/", {"check": str(key), "why": ""})
    assert Check.objects.filter(withdrawn_at=None).count() == 3
    page = quality.post("/quality/FILL-W/withdraw/", {"check": str(key), "why": "typed wrong"}, follow=True)
    assert "taken back" in page.content.decode()
    assert quality.post("/quality/FILL-W/withdraw/", {"check": str(uuid4()), "why": "x"}).status_code == 404


def test_completing_an_order_with_an_open_report_asks_first(plant: SmallPlant, operator: Client) -> None:
    WorkOrder.objects.update(status="running", started_at=datetime.now(UTC) - 30 * MIN)
    weighed(plant, "10.5")
    report = Nonconformance.objects.get()
    page = operator.get("/station/PACK/finish/").content.decode()
    assert (
        f"{report} is not decided (Fill weight: 10.5 g, allowed 10.0 to 10.4): complete the order all the same" in page
    )
    said = operator.post("/station/PACK/complete/", {"order": "WO-1"}, follow=True).content.decode()
    assert f"{report} about WO-1 is not decided" in said
    assert WorkOrder.objects.get().status == "running"
    operator.post("/station/PACK/complete/", {"order": "WO-1", "reports_seen": str(report), "short": "quality"})
    assert WorkOrder.objects.get().status == "completed"


def test_a_supervisor_sees_on_floor_and_shift_that_quality_waits(plant: SmallPlant, client: Client) -> None:
    weighed(plant, "10.5")
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1))
    for path in ("/floor/", "/shift/"):
        assert "1 quality report waits for a decision" in client.get(path, follow=True).content.decode()
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_2, name="sue"))
    for path in ("/floor/", "/shift/"):
        assert "quality report" not in client.get(path, follow=True).content.decode()
