"""Pages of reports and signatures by plain forms: sent twice, sent by the wrong person, sent with nonsense."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from mes.journal.models import JournalEntry
from mes.people.models import Person, Role
from mes.production.models import WorkOrder
from mes.quality.models import Characteristic, Check, CorrectiveAction, Nonconformance
from mes.signing.models import Signature
from mes.tracking.models import CountFlag
from tests.production.small_plant import SmallPlant, counted
from tests.screens.test_quality import ENTRY, form_key, plant, quinn, weighed

__all__ = ["plant"]
NEW = "/quality/-/ncr/new/"
SECRET = "only-for-this-test"


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def with_secret(plant: SmallPlant, role: Role, name: str) -> Client:
    person = plant.person(role, plant.line_1, name=name)
    person.set_password(SECRET)
    person.save()
    return signed_in(person)


def form(**more: Any) -> dict[str, Any]:
    return {
        "key": str(uuid4()),
        "machine": "PACK",
        "order": "WO-1",
        "finding": "Torn labels",
        "quantity": "4,5",
        **more,
    }


def test_an_operator_reports_once_and_the_order_waits(plant: SmallPlant) -> None:
    operator, said = signed_in(plant.person(Role.OPERATOR, plant.line_1, name="otto")), form(blocks="yes")
    for _ in range(2):
        assert operator.post(NEW, said).status_code == 302
    report = Nonconformance.objects.get()
    assert (report.raised_by, report.quantity, report.blocks) == ("otto", Decimal("4.5"), True)
    page = f"/quality/-/ncr/{report.pk}/"
    assert "neither started nor completed" in operator.get(page).content.decode()
    assert operator.post(page, {"do": "dispose", "disposition": "use", "decision": "x"}).status_code == 403
    assert "Torn labels" in operator.get("/quality/-/ncr/", {"q": f"ncr-{report.pk}"}).content.decode()
    assert "Torn labels" not in operator.get("/quality/-/ncr/", {"state": "closed"}).content.decode()
    assert WorkOrder.objects.get(number="WO-1").holds.filter(released_at=None).exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"finding": "a\0b"},
        {"finding": ""},
        {"order": "WO-404"},
        {"order": "\0"},
        {"lot": "L-404"},
        {"machine": "PRESS"},
        {"quantity": "many"},
        {"quantity": "-1"},
        {"quantity": "1e40"},
        {"key": "x"},
        {"order": "", "blocks": "yes"},
    ],
)
def test_what_makes_no_report_is_refused_with_a_sentence(plant: SmallPlant, wrong: dict[str, str]) -> None:
    answer = quinn(plant).post(NEW, form(**wrong))
    assert (answer.status_code, Nonconformance.objects.count()) == (422, 0)
    assert "Nothing was reported" in answer.content.decode()


def test_an_order_is_put_on_hold_once_while_its_report_is_open(plant: SmallPlant) -> None:
    weighed(plant, "10.5")
    quality, order = quinn(plant), WorkOrder.objects.get(number="WO-1")
    page = f"/quality/-/ncr/{Nonconformance.objects.get().pk}/"
    assert quality.post(page, {"do": "hold", "why": " "}).status_code == 422
    for _ in range(2):
        assert quality.post(page, {"do": "hold", "why": "Glass may be inside"}).status_code == 302
    assert order.holds.filter(released_at=None).count() == 1
    quality.post(page, {"do": "dispose", "disposition": "sort", "decision": "X-ray all of it"})
    assert not order.holds.filter(released_at=None).exists()
    assert JournalEntry.objects.filter(action="ncr_hold").count() == 1


def test_scrap_of_a_report_is_counted_once_however_often_it_is_sent(plant: SmallPlant) -> None:
    order, now = WorkOrder.objects.get(number="WO-1"), datetime.now(UTC)
    counted(plant.packer, now - timedelta(minutes=10), good=100, order=order)
    quality = quinn(plant)
    quality.post(NEW, form())
    page = f"/quality/-/ncr/{Nonconformance.objects.get().pk}/"
    decision = {"do": "dispose", "disposition": "scrap", "decision": "Torn", "quantity": "4", "scrap": "4"}
    for nonsense in ("x", "1000", "-4"):
        assert quality.post(page, decision | {"scrap": nonsense}).status_code == 422
    assert Nonconformance.objects.get().status == "open"  # refused scrap is no decision either
    for _ in range(2):
        assert quality.post(page, decision).status_code == 302
    assert list(CountFlag.objects.filter(role="scrap").values_list("quantity", flat=True)) == [Decimal(4)]
    assert "4 pieces are entered as scrap for it." in quality.get(page).content.decode()


def test_actions_and_closing_sent_twice_happen_once(plant: SmallPlant) -> None:
    quality = quinn(plant)
    owner = signed_in(plant.person(Role.OPERATOR, plant.line_1, name="otto"))
    quality.post(NEW, form())
    page = f"/quality/-/ncr/{Nonconformance.objects.get().pk}/"
    add = {"do": "add", "key": str(uuid4()), "text": "Weigh twice", "owner": "otto", "due": "2026-12-01"}
    for wrong in ({"owner": "nobody"}, {"due": "soon"}, {"text": "\0"}):
        assert quality.post(page, add | wrong).status_code == 422
    quality.post(page, {"do": "dispose", "disposition": "use", "decision": "Only a few"})
    for _ in range(2):
        assert quality.post(page, add).status_code == 302
    action = CorrectiveAction.objects.get()
    steps: list[tuple[Client, dict[str, Any]]] = [
        (owner, {"do": "done", "action": action.pk, "result": "We do"}),
        (quality, {"do": "verify", "action": action.pk, "worked": "yes"}),
        (quality, {"do": "close", "closing": ""}),
    ]
    for client, step in steps:
        for _ in range(2):
            assert client.post(page, step).status_code == 302
    assert owner.post(page, {"do": "verify", "action": action.pk, "worked": "yes"}).status_code == 403
    for nonsense in ({"do": "burn"}, {"do": "done", "action": "9" * 30}):
        assert quality.post(page, nonsense).status_code == 404
    assert Nonconformance.objects.get().status == "closed"


def test_a_report_of_another_line_does_not_exist(plant: SmallPlant) -> None:
    quinn(plant).post(NEW, form())
    report = Nonconformance.objects.get()
    weighed(plant, "10.2")
    key = Check.objects.get().key
    other = signed_in(plant.person(Role.OPERATOR, plant.line_2, name="other"))
    for path in (f"/quality/-/ncr/{report.pk}/", f"/quality/-/checks/{key}/"):
        assert other.get(path).status_code == 404
        assert other.post(path, {"do": "close", "meaning": "reviewed"}).status_code in (403, 404)
    assert "Torn labels" not in other.get("/quality/-/ncr/?state=all").content.decode()
    assert other.post(NEW, form()).status_code == 422  # neither the machine nor the order is there
    finance = signed_in(plant.person(Role.FINANCE))
    for path in ("/quality/-/ncr/", NEW, f"/quality/-/checks/{key}/"):
        assert finance.get(path).status_code == 403


def test_a_check_is_signed_with_its_entry_and_reviewed_by_another(plant: SmallPlant) -> None:
    Characteristic.objects.update(signatures=["performed", "reviewed"])
    operator, quality = with_secret(plant, Role.OPERATOR, "otto"), with_secret(plant, Role.QUALITY, "quinn")
    key = form_key(operator, ENTRY)
    wrong = operator.post(ENTRY, {"key": key, "value": "10.2", "secret": "wrong"})
    assert (wrong.status_code, Check.objects.count()) == (422, 0)
    assert 'value="10.2"' in wrong.content.decode()  # what was typed stays, the password does not
    assert "wrong" not in wrong.content.decode()
    for secret in (SECRET, ""):  # the second is the same form again: it counts once and needs no password
        assert operator.post(ENTRY, {"key": key, "value": "10.2", "secret": secret}).status_code == 302
    check = Check.objects.get()
    page = f"/quality/-/checks/{check.key}/"
    assert "Waits for a signature: Reviewed." in operator.get(page).content.decode()
    assert "Fill weight" in quality.get("/quality/").content.decode().split("Waits for a signature")[1]
    assert operator.post(page, {"meaning": "reviewed", "secret": SECRET}).status_code == 403
    assert quality.post(page, {"meaning": "performed", "secret": SECRET}).status_code == 422
    for _ in range(2):
        assert quality.post(page, {"meaning": "reviewed", "secret": SECRET}).status_code == 302
    assert sorted(Signature.objects.values_list("person__username", "meaning")) == [
        ("otto", "performed"), ("quinn", "reviewed"),
    ]  # fmt: skip
    assert "Waits for a signature" not in quality.get("/quality/").content.decode()
    quality.post("/quality/FILL-W/withdraw/", {"check": str(check.key), "why": "wrong bottle"})
    said = quality.get(page).content.decode()
    assert said.count("Signature no longer valid for this content.") == 2


def test_run_rules_are_chosen_by_who_may_plan(plant: SmallPlant) -> None:
    quality, page = quinn(plant), "/quality/FILL-W/rules/"
    said = {"chart": "individuals", "rule": ["N1", "W4"], "why": "fewer alarms", "seen": "individuals N1,N2,N5"}
    for wrong in ({"why": ""}, {"chart": "p"}, {"seen": "p N1"}):
        assert quality.post(page, said | wrong).status_code == 302
    assert Characteristic.objects.get().rules == ["N1", "N2", "N5"]
    for _ in range(2):
        quality.post(page, said)
    assert Characteristic.objects.get().rules == ["N1", "W4"]
    assert signed_in(plant.person(Role.OPERATOR, plant.line_1)).post(page, said).status_code == 403
