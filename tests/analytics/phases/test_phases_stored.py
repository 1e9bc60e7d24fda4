"""Phases as they are stored: follow the reports, once; words of departments, given and taken back."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from analytics.models import PhaseState, ReadinessReport, SignOff
from analytics.phase_pages.floor import floor_word
from analytics.phases.signoffs import (
    SignOffRefused,
    approver_name,
    departments_of,
    places_of,
    signoff_sign,
    signoff_withdraw,
)
from analytics.phases.state import phase_follow, state_at
from analytics.readiness.own_forecasts import earned_of
from mes.journal.models import JournalEntry
from mes.people.models import Person, Role
from mes.witness.models import Tally
from tests.analytics.conftest import at
from tests.production.small_plant import SmallPlant

DAY = timedelta(days=1)
SILENT = [
    {
        "phase": 1,
        "key": "connected",
        "open": False,
        "checks": [{"key": "fresh", "value": 0.62, "needs": 0.75, "state": "closed", "open": False, "most": None}],
    }
]


def report_of(plant: SmallPlant, phase: int, minute: float, gates: list[Any] | None = None) -> ReadinessReport:
    moment = at(minute)
    return ReadinessReport.objects.create(
        line=plant.line_1, day=moment.date(), computed_at=moment, asked_by="system", key=uuid4(), r=50, r_with_time=60,
        phase=phase, scores=[], gates=gates or [], blockers=[], inputs={"erp": False, "days": []},
    )  # fmt: skip


def tally(plant: SmallPlant, pieces: int, counted: int, minute: float = 10) -> Tally:
    return Tally.objects.create(
        work_center=plant.packer, starts_at=at(minute - 5), ends_at=at(minute), pieces=pieces, actor="otto",
        at=at(minute), key=uuid4(), counted_low=Decimal(counted), counted_high=Decimal(counted),
    )  # fmt: skip


def test_phases_follow_reports_and_each_change_stands_in_the_journal_once(plant: SmallPlant) -> None:
    for minute, phase in ((0, 3), (60, 3), (120, 0)):
        report = report_of(plant, phase, minute, SILENT if phase == 0 else None)
        first = phase_follow(report)
        assert (first is None) == (minute == 60)
        assert phase_follow(report) is None
    told = [(one.phase, one.before, one.since, one.until) for one in PhaseState.objects.order_by("since")]
    assert told == [(3, None, at(0), at(120)), (0, 3, at(120), None)]
    entries = JournalEntry.objects.filter(action="phase_change").order_by("pk")
    assert [(one.data["before"], one.data["after"], one.data["why"]) for one in entries] == [
        (None, 3, "its gates say so"), (3, 0, "fresh")
    ]  # fmt: skip
    state = state_at(plant.line_1, at(119))
    assert state is not None
    assert state.phase == 3


def test_an_older_report_undoes_nothing(plant: SmallPlant) -> None:
    phase_follow(report_of(plant, 2, 60))
    assert phase_follow(report_of(plant, 0, 30)) is None
    assert PhaseState.objects.get().phase == 2


def test_the_floor_hears_why_a_line_fell_back_until_it_is_regained(plant: SmallPlant) -> None:
    assert floor_word(plant.line_1) is None
    phase_follow(report_of(plant, 4, 0))
    phase_follow(report_of(plant, 0, 60, SILENT))
    word = floor_word(plant.line_1)
    assert word is not None
    assert word.text.startswith("Fell back from “Predictive” to “No gate open yet” on ")
    assert "“Planned time with data, last 24 hours” is 62\u00a0%, needs 75\u00a0%." in word.text
    assert word.link == "/improve/phases/LINE-1/"
    phase_follow(report_of(plant, 4, 120))
    assert floor_word(plant.line_1) is None


def test_phase_one_is_signed_only_on_two_counts_by_hand(plant: SmallPlant) -> None:
    mia = plant.person(Role.SUPERVISOR, plant.line_1, name="mia")
    report_of(plant, 1, 60)
    tally(plant, 1000, 1005)
    tally(plant, 1000, 1006, 20)  # .6 %
    sign = partial(
        signoff_sign, line=plant.line_1, phase=1, department="operations", person=mia, comment="seen", at=at(90)
    )
    with pytest.raises(SignOffRefused, match=r"2 counts by hand.* there are 1"):
        sign(key=uuid4())
    tally(plant, 200, 199, 30)
    key = uuid4()
    row = sign(key=key)
    assert sign(key=key) == row
    assert SignOff.objects.count() == JournalEntry.objects.filter(action="signoff_sign").count() == 1
    assert [one["pieces"] for one in row.evidence] == [200, 1000]


def test_a_word_is_given_by_its_department_on_what_is_reached_and_taken_back(plant: SmallPlant) -> None:
    quinn = plant.person(Role.QUALITY, plant.line_1, name="quinn")
    report_of(plant, 2, 60)
    told = {"line": plant.line_1, "person": quinn, "at": at(90)}
    for phase, department in ((3, "quality"), (2, "finance"), (9, "quality")):
        with pytest.raises(SignOffRefused):
            signoff_sign(phase=phase, department=department, comment="", key=uuid4(), **told)  # type: ignore[arg-type]
    two = told | {"phase": 2, "department": "quality"}
    assert signoff_withdraw(comment="no word yet", key=uuid4(), **two) is None  # type: ignore[arg-type]
    signoff_sign(comment="charts are \0 watched", key=uuid4(), **two)  # type: ignore[arg-type]
    place = next(one for one in places_of([plant.line_1])[plant.line_1.pk, 2] if one.department == "quality")
    assert place.row is not None
    assert (place.row.name, place.row.comment) == ("quinn", "charts are watched")
    with pytest.raises(SignOffRefused, match="Say why"):
        signoff_withdraw(comment=" ", key=uuid4(), **two)  # type: ignore[arg-type]
    assert signoff_withdraw(comment="gauges drifted", key=uuid4(), **two) is not None  # type: ignore[arg-type]
    assert all(one.row is None for one in places_of([plant.line_1])[plant.line_1.pk, 2])
    with pytest.raises(DatabaseError, match="stay as they are"), transaction.atomic():
        SignOff.objects.update(comment="never said")


def test_roles_speak_for_departments(plant: SmallPlant) -> None:
    assert departments_of(Person(role=Role.OPERATOR)) == []
    assert departments_of(Person(role=Role.FINANCE)) == ["finance"]
    assert len(departments_of(Person(role=Role.ADMIN))) == 6


def test_an_approver_is_one_and_opens_the_check(plant: SmallPlant) -> None:
    max_, mia = plant.person(Role.MANAGER, name="max"), plant.person(Role.SUPERVISOR, plant.line_1, name="mia")
    assert approver_name(line=plant.line_1, person=max_, actor="max", at=at(0))
    assert not approver_name(line=plant.line_1, person=max_, actor="max", at=at(1))
    assert approver_name(line=plant.line_1, person=mia, actor="max", at=at(2))
    assert earned_of(plant.line_1, at(3)).approver == "mia"


def test_the_map_shows_what_fell_and_the_form_signs(plant: SmallPlant, client: Client) -> None:
    mia = plant.person(Role.SUPERVISOR, plant.line_1, name="mia")
    client.force_login(mia)
    assert "Not measured yet" in client.get("/improve/phases/").content.decode()
    phase_follow(report_of(plant, 3, 0))
    phase_follow(report_of(plant, 2, 60, [{"phase": 3, "key": "integrated", "open": False, "checks": []}]))
    text = client.get("/improve/phases/").content.decode()
    assert "1 line fell back" in text
    assert "Line two" not in text
    page = "/improve/phases/LINE-1/"
    assert "Fell back from “ERP-integrated”" in client.get(page).content.decode()
    form = {"key": str(uuid4()), "phase": "2", "department": "operations", "comment": "ok", "verb": "sign"}
    for _ in range(2):
        client.post(f"{page}sign/", form)
    assert SignOff.objects.get().by == "mia"
    answer = client.post(f"{page}sign/", form | {"phase": "two"}, follow=True)
    assert "press the button again" in answer.content.decode()
    assert client.post(f"{page}approver/", {"person": "mia"}).status_code == 403
    assert client.get("/improve/phases/LINE-2/").status_code == 404


def test_the_map_costs_the_same_for_any_number_of_lines(
    plant: SmallPlant, client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client.force_login(plant.person(Role.MANAGER))
    phase_follow(report_of(plant, 3, 0))
    with django_assert_max_num_queries(10):
        client.get("/improve/phases/")
