"""Checklists due in the right runs and answered once; instructions only of known types, to who may see the machine."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from mes.guidance.checklists import Answer, ChecklistRefused, checklist_answer, offered
from mes.guidance.due import Started, is_due
from mes.guidance.file_types import LARGEST_BYTES, type_of
from mes.guidance.instructions import FileRefused, file_store, in_force
from mes.guidance.models import Checklist, ChecklistEntry, Instruction, InstructionFile
from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.production.models import Run
from tests.production.small_plant import SIX, SmallPlant, small_plant

HOUR = timedelta(hours=1)
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


@pytest.fixture
def plant(db: None) -> SmallPlant:
    return small_plant()


def run(plant: SmallPlant, number: str, item: object, hour: int, *, ended: bool = False) -> Run:
    order = plant.order(number, item=item)  # type: ignore[arg-type]
    end = SIX + (hour + 1) * HOUR if ended else None
    return Run.objects.create(
        work_center=plant.packer, order=order, item=order.item, starts_at=SIX + hour * HOUR, ends_at=end, started_by="x"
    )


def listed(plant: SmallPlant, code: str = "START", kind: str = "startup", **more: object) -> Checklist:
    points = ["Guards closed", "Film loaded"]
    return Checklist.objects.create(
        code=code, name=code.title(), kind=kind, work_center=plant.packer, points=points, **more
    )


@pytest.mark.parametrize(
    ("kind", "item", "started", "answered", "said"),
    [
        ("startup", None, None, False, False),  # nothing runs
        ("startup", None, Started(1, None), False, True),
        ("startup", None, Started(1, 1), True, False),
        ("startup", 2, Started(1, 1), False, False),  # a list of another item
        ("changeover", None, Started(1, 1), False, False),
        ("changeover", None, Started(1, 2), False, True),
        ("changeover", None, Started(1, None), False, False),  # the first run ever changes nothing over
        ("cleaning", None, Started(1, 2), False, False),
    ],
)
def test_lists_are_due_in_the_runs_they_are_for(
    kind: str, item: int | None, started: Started | None, answered: bool, said: bool
) -> None:
    assert is_due(kind, item, started, answered=answered) is said


def test_a_list_is_answered_once_in_a_run_and_due_again_in_the_next(plant: SmallPlant) -> None:
    start, change = listed(plant), listed(plant, "CHANGE", "changeover", item=plant.water)
    first = run(plant, "WO-1", plant.cola, 0)
    assert [(one.checklist, one.due) for one in offered(plant.packer)] == [(start, True)]
    key, said = uuid4(), [Answer(True), Answer(False, "no film today")]
    given = {"checklist": start, "version": 1, "answers": said, "actor": "otto", "at": SIX}
    told = [checklist_answer(key=sent, **given) for sent in (key, key, uuid4())]  # type: ignore[arg-type]
    assert [new for _entry, new in told] == [True, False, False]
    entry = ChecklistEntry.objects.get()
    assert entry.answers == [
        {"text": "Guards closed", "done": True, "why": ""},
        {"text": "Film loaded", "done": False, "why": "no film today"},
    ]
    assert JournalEntry.objects.get(kind="checklist").data["after"]["skipped"] == {"Film loaded": "no film today"}
    assert [one.due for one in offered(plant.packer)] == [False]
    Run.objects.filter(pk=first.pk).update(ends_at=SIX + HOUR)
    run(plant, "WO-2", plant.water, 2)
    assert {one.checklist: one.due for one in offered(plant.packer)} == {start: True, change: True}


def test_a_point_is_ticked_or_skipped_with_a_reason_and_an_old_version_is_not_answered(plant: SmallPlant) -> None:
    start = listed(plant)
    given = {"checklist": start, "actor": "otto", "at": SIX, "key": uuid4()}
    with pytest.raises(ChecklistRefused, match="Tick “Film loaded”, or say why"):
        checklist_answer(version=1, answers=[Answer(True), Answer(False, "  ")], **given)  # type: ignore[arg-type]
    with pytest.raises(ChecklistRefused, match="200 characters"):
        checklist_answer(version=1, answers=[Answer(True), Answer(False, "a\0b")], **given)  # type: ignore[arg-type]
    Checklist.objects.update(version=2)
    with pytest.raises(ChecklistRefused, match="changed meanwhile"):
        checklist_answer(version=1, answers=[Answer(True)] * 2, **given)  # type: ignore[arg-type]
    assert not ChecklistEntry.objects.exists()


def test_the_station_keeps_what_was_typed_when_a_point_is_missing(plant: SmallPlant, client: Client) -> None:
    listed(plant)
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    page = "/station/PACK/checklists/START/"
    sent = {"key": str(uuid4()), "version": "1", "done_0": "1"}
    refused = client.post(page, sent)
    assert "Tick “Film loaded”" in refused.content.decode()
    assert f'value="{sent["key"]}"' in refused.content.decode()
    for _twice in range(2):
        assert client.post(page, {**sent, "done_1": "1"}).status_code == 302
    assert ChecklistEntry.objects.count() == 1
    assert "last by operator" in client.get("/station/PACK/checklists/").content.decode()
    client.force_login(plant.person(Role.OPERATOR, plant.line_2, name="other"))
    assert client.get(page).status_code == 404


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.7 ...", "application/pdf"),
        (PNG, "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF1234WEBPVP8 ", "image/webp"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", ""),
        (b"<html>%PDF-</html>", ""),
        (b"GIF89a", ""),
    ],
)
def test_a_file_is_what_its_first_bytes_say(content: bytes, said: str) -> None:
    assert type_of(content) == said


def test_files_that_are_too_large_empty_or_could_run_are_refused(db: None) -> None:
    for content in (b"", b"<script>", b"%PDF-" + b"0" * LARGEST_BYTES):
        with pytest.raises(FileRefused):
            file_store(content)
    assert file_store(PNG) == file_store(PNG)
    assert InstructionFile.objects.count() == 1


def test_the_latest_valid_version_is_shown_and_the_file_is_served_safely(plant: SmallPlant, client: Client) -> None:
    file = file_store(PNG)
    for version, start in ((1, SIX), (2, SIX + HOUR), (3, SIX + timedelta(days=9_000))):
        Instruction.objects.create(
            code="FILM", version=version, title="Film", work_center=plant.packer, valid_from=start, file=file
        )
    Instruction.objects.create(code="BOX", title="Box", item=plant.water, valid_from=SIX, file=file)  # not made here
    assert [(row.code, row.version) for row in in_force(plant.packer, SIX + 2 * HOUR)] == [("FILM", 2)]
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    assert "version 2" in client.get("/station/PACK/instructions/").content.decode()
    served = client.get("/station/PACK/instructions/FILM/2/")
    assert (served.content, served["Content-Type"]) == (PNG, "image/png")
    assert served["X-Content-Type-Options"] == "nosniff"
    assert served["Content-Disposition"] == 'inline; filename="FILM-2.png"'
    assert "default-src" in served["Content-Security-Policy"]
    for path in ("PACK/instructions/FILM/1/", "PACK/instructions/BOX/1/", "PRESS/instructions/"):
        assert client.get(f"/station/{path}").status_code == 404


def test_an_engineer_uploads_in_the_admin_and_a_version_keeps_its_file(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.ENGINEER))
    sent = {
        "code": "FILM",
        "version": 1,
        "title": "Film",
        "work_center": plant.packer.pk,
        "valid_from_0": "2026-03-02",
        "valid_from_1": "06:00",
    }
    page = "/admin/guidance/instruction/add/"
    refused = client.post(page, {**sent, "upload": SimpleUploadedFile("a.png", b"<svg/>", "image/png")})
    assert "Only PDF, PNG, JPEG and WebP" in refused.content.decode()
    client.post(page, {**sent, "upload": SimpleUploadedFile("a.svg", PNG, "image/svg+xml")})
    stored = Instruction.objects.get()
    assert stored.file.media_type == "image/png"
    client.post("/admin/guidance/checklist/add/", {
        "code": "S", "name": "S", "kind": "startup", "work_center": plant.packer.pk, "points": "One,Two",
    })  # fmt: skip
    made = Checklist.objects.get()
    client.post(f"/admin/guidance/checklist/{made.pk}/change/", {
        "code": "S", "name": "S", "kind": "startup", "work_center": plant.packer.pk, "points": "One,Three",
    })  # fmt: skip
    made.refresh_from_db()
    assert (made.points, made.version) == (["One", "Three"], 2)
