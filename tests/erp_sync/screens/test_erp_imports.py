"""Files of orders on their page: read and reported first, applied or cancelled once, bad rows with line and remedy."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from erp_sync.models import ErpConnection, ErpImport
from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.production.models import WorkOrder
from tests.erp_sync.erp_rows import connection
from tests.production.small_plant import SmallPlant, small_plant

PAGE = "/planning/erp/imports/"
GOOD = b"number,item,quantity,unit,line\nMO-1,COLA-05,400,pcs,LINE-1\nMO-2,COLA-05,nan,pcs,LINE-1\n"


@dataclass
class World:
    plant: SmallPlant
    pia: Client

    def send(self, data: bytes = GOOD, *, key: str = "", code: str = "FILES") -> str:
        """Where the browser is sent to, or the page with what is wrong."""
        form = {"file": SimpleUploadedFile("week 12.csv", data), "connection": code, "key": key or str(uuid4())}
        answer = self.pia.post(PAGE, form)
        return answer.headers.get("Location") or answer.content.decode()


@pytest.fixture
def world(db: None, client: Client) -> World:
    plant = small_plant()
    connection(plant.line_1.area.site, datetime.now(UTC), "FILES", kind="csv")
    client.force_login(plant.person(Role.PLANNER, name="pia"))
    return World(plant, client)


def test_a_file_is_read_and_reported_and_nothing_is_applied(world: World) -> None:
    key = str(uuid4())
    where = world.send(key=key)
    assert world.send(key=key) == where == f"{PAGE}{key}/"
    assert ErpImport.objects.count() == 1
    shown = world.pia.get(where).content.decode()
    for words in ("week 12.csv", "1 row needs somebody", "Apply the good rows, leave the others out"):
        assert words in shown, words
    assert WorkOrder.objects.count() == 0
    assert "week 12.csv" in world.pia.get(PAGE).content.decode()


def test_bad_rows_are_a_file_with_line_and_remedy(world: World) -> None:
    answer = world.pia.get(world.send() + "rows/")
    lines = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert lines[0] == "line,order,problem"
    assert lines[1].startswith("3,MO-2,")
    assert len(lines) == 2


def test_the_good_rows_are_applied_once_and_a_cancel_is_once_too(world: World) -> None:
    where = world.send()
    for _ in range(2):
        world.pia.post(where + "apply/")
    assert ErpImport.objects.get().state == "applying"
    assert "0 of 1 rows are applied" in world.pia.get(where).content.decode()
    for _ in range(2):
        world.pia.post(where + "cancel/")
    assert ErpImport.objects.get().state == "cancelled"
    actions = JournalEntry.objects.filter(kind="erp-import").values_list("action", flat=True)
    assert sorted(actions) == ["erp_import_apply", "erp_import_begin", "erp_import_cancel"]
    assert world.pia.post(where + "odd/").status_code == 404


def test_what_is_wrong_with_a_file_is_said(world: World) -> None:
    assert "Choose a file" in world.pia.post(PAGE, {"connection": "FILES"}).content.decode()
    assert "Choose the connection" in world.send(code="ERP")
    assert "The form was incomplete" in world.send(key="odd")
    refused = world.send(b"PK\x03\x04 a workbook")
    assert "Refused" in world.pia.get(refused).content.decode()
    ErpConnection.objects.update(state="draft")
    where = world.send()
    assert "is not live" in world.pia.post(where + "apply/", follow=True).content.decode()


def test_files_are_for_people_who_see_every_line(world: World, client: Client) -> None:
    where = world.send()
    client.force_login(world.plant.person(Role.MANAGER, world.plant.line_1))
    assert {client.get(path).status_code for path in (PAGE, where, where + "rows/")} == {403}
    assert client.post(where + "apply/").status_code == 403
    assert "Files" not in client.get("/planning/erp/").content.decode()
    client.force_login(world.plant.person(Role.FINANCE))
    assert client.get(where).status_code == 200
    assert client.post(where + "apply/").status_code == 403
