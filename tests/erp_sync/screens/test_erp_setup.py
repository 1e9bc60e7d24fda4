"""The way to a first connection: settings, secret, check, mapping, dry run, live. Each step twice, no secret told."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from erp_sync.errors import TransientError
from erp_sync.models import ErpConnection, ErpLink, ErpMapping
from mes.journal.models import JournalEntry
from mes.people.models import Role
from mes.production.models import Item, WorkOrder
from tests.erp_sync.erp_rows import connection
from tests.erp_sync.memory_erp import MemoryErp, memory_erp
from tests.erp_sync.orders import an_order
from tests.production.small_plant import SmallPlant, small_plant

SETUP = "/planning/erp/ERP/setup/"
NAMED = {"name": "Our ERP", "kind": "memory", "site": "SITE", "address": "memory", "options": ""}


@dataclass
class World:
    plant: SmallPlant
    erp: MemoryErp
    eva: Client
    folder: Path

    def act(self, verb: str, **form: str) -> str:
        """A step pressed twice; the page after the first."""
        shown = self.eva.post(f"{SETUP}{verb}/", form, follow=True).content.decode()
        self.eva.post(f"{SETUP}{verb}/", form)
        return shown

    def connection(self) -> ErpConnection:
        return ErpConnection.objects.get(code="ERP")


@pytest.fixture
def world(db: None, client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> World:
    settings.DATA_DIR = tmp_path
    plant = small_plant()
    client.force_login(plant.person(Role.ENGINEER, name="eva"))
    return World(plant, memory_erp(monkeypatch), client, tmp_path)


@pytest.fixture
def made(world: World) -> World:
    """A connection that nobody has reached yet."""
    for _ in range(2):
        answer = world.eva.post("/planning/erp/new/", NAMED | {"code": "ERP"})
        assert answer["Location"] == SETUP
    return world


def test_a_connection_is_made_once_and_nothing_is_read(made: World) -> None:
    assert (made.connection().state, made.connection().name) == ("draft", "Our ERP")
    assert JournalEntry.objects.filter(action="erp_connection_create").count() == 1
    assert made.erp.pulls == []


def test_a_wrong_code_and_a_taken_one_are_said(made: World) -> None:
    for code in ("", "a b", "../x", "-", "x" * 60):
        answer = made.eva.post("/planning/erp/new/", NAMED | {"code": code})
        assert answer.status_code == 422, code
    answer = made.eva.post("/planning/erp/new/", NAMED | {"code": "ERP", "name": "Another"})
    assert "choose another code" in answer.content.decode()
    assert ErpConnection.objects.count() == 1


def test_a_secret_is_kept_outside_the_database_and_never_shown(made: World) -> None:
    made.act("secret", **{"secret-password": "hush-42"})
    file = made.folder / "secrets/erp/ERP.json"
    assert json.loads(file.read_text()) == {"password": "hush-42"}
    page = made.eva.get(SETUP).content.decode()
    assert "One is kept" in page
    told = json.dumps([str(entry.data) for entry in JournalEntry.objects.all()])
    for place in (page, told, json.dumps(str(ErpConnection.objects.values().get()))):
        assert "hush-42" not in place
    assert "Nothing was entered" in made.act("secret", **{"secret-password": ""})
    assert json.loads(file.read_text()) == {"password": "hush-42"}


def test_a_secret_that_would_travel_unencrypted_is_warned_of_outside_the_demo(made: World, settings: Any) -> None:
    warning = "goes over the line unencrypted"
    made.act("settings", **NAMED | {"address": "http://erp.example/"})
    settings.MES_ENV = "production"
    assert warning not in made.eva.get(SETUP).content.decode()  # nothing is kept yet
    made.act("secret", **{"secret-password": "hush-42"})
    for page in (SETUP, "/planning/erp/"):
        shown = made.eva.get(page).content.decode()
        assert warning in shown
        assert "hush-42" not in shown
    for env, address in (("demo", "http://erp.example/"), ("production", "https://erp.example/")):
        settings.MES_ENV = env
        ErpConnection.objects.update(address=address)
        assert warning not in made.eva.get(SETUP).content.decode(), env


@pytest.mark.parametrize("name", ["password", "Api-Key", "client_secret", "token", "db passwd"])
def test_a_secret_is_not_taken_as_an_option(made: World, name: str) -> None:
    """Options stand in the database, so they would be in the journal, in the admin and in every backup."""
    shown = made.act("settings", **NAMED | {"options": f"database = mes\n{name} = hush-42"})
    assert "is a secret: enter it below" in shown
    answer = made.eva.post("/planning/erp/new/", NAMED | {"code": "ERP-2", "options": f"{name} = hush-42"})
    assert answer.status_code == 422
    assert made.connection().options == {}
    assert not JournalEntry.objects.filter(data__icontains="hush-42").exists()


def test_another_address_drops_the_secret_so_that_it_goes_to_no_other_server(made: World) -> None:
    made.act("secret", **{"secret-password": "hush-42"})
    shown = made.act("settings", **NAMED | {"address": "http://elsewhere.example/"})
    assert "enter its secret again" in shown
    assert json.loads((made.folder / "secrets/erp/ERP.json").read_text()) == {}


def test_settings_are_read_strictly_and_kept_whole(made: World) -> None:
    shown = made.act("settings", **NAMED | {"options": "database = mes\nport = 8000\nname only"})
    assert "Line 3 of the options" in shown
    assert made.connection().options == {}
    options = 'database = mes\ntext = "8000"\nnumber = 8000'
    made.act("settings", **NAMED | {"options": options, "posting": "interval", "posting_interval_min": "5"})
    kept = made.connection()
    assert kept.options == {"database": "mes", "text": "8000", "number": 8000}
    assert (kept.posting, kept.posting_interval_min) == ("interval", 5)
    assert "text = &quot;8000&quot;" in made.eva.get(SETUP).content.decode()
    assert JournalEntry.objects.filter(action="erp_connection_change").count() == 1


def test_a_check_says_what_it_found_or_what_is_wrong(made: World) -> None:
    made.erp.down = TransientError("No answer from the ERP within 5 s.")
    assert "No answer from the ERP within 5 s." in made.act("check")
    assert "check it first" in made.act("dry")
    made.erp.down = None
    made.erp.skew_s = 400.0
    assert "It answered: Our ERP 1." in made.act("check")
    assert "nothing is posted until" in made.eva.get(SETUP).content.decode()


def test_from_check_to_live_with_what_would_come_in_shown_before(made: World) -> None:
    made.erp.put(an_order("7", materials=(), segments=()))
    assert "check it and try it dry first" in made.act("live")
    made.act("check")
    shown = made.act("dry")
    assert "Would wait" in shown
    assert "Not mapped yet" in shown
    assert made.connection().state == "dry-run"
    rows = (("item", "FG-COLA", "COLA-05", ""), ("work-center", "L1", "LINE-1", ""), ("unit", "pk24", "pcs", "24"))
    form = {}
    for n, row in enumerate(rows):
        form |= {f"{name}-{n}": value for name, value in zip(("kind", "key", "code", "factor"), row, strict=True)}
    assert "3 codes are mapped." in made.act("map", **form)
    assert ErpMapping.objects.count() == 3
    assert ErpMapping.objects.get(kind="unit").factor == 24
    shown = made.act("dry")
    assert "1007" in shown
    assert (ErpLink.objects.count(), WorkOrder.objects.count()) == (0, 0)
    assert "is live" in made.act("live")
    assert made.connection().state == "live"
    assert JournalEntry.objects.filter(action="erp_go_live").count() == 1


def test_codes_that_read_the_same_are_offered_and_never_taken_by_themselves(made: World) -> None:
    made.act("check")
    Item.objects.create(code="FG-COLA", name="Cola")
    made.connection().records.create(
        kind="item", key="fg-cola", name="Cola", first_seen_at=datetime.now(UTC), changed_at=datetime.now(UTC),
        seen_at=datetime.now(UTC),
    )  # fmt: skip
    [row] = made.eva.get(SETUP).context["unmapped"]
    assert (row["ext_key"], row["suggestion"]) == ("fg-cola", "FG-COLA")
    assert ErpMapping.objects.count() == 0


def test_mappings_that_make_no_sense_are_refused_one_by_one_and_the_good_ones_kept(made: World) -> None:
    rows = (
        ("item", "A", "NO-SUCH", ""),
        ("unit", "box", "pcs", "1_000"),
        ("unit", "pal", "pcs", "0"),
        ("unit", "nul", "p\0cs", ""),
        ("unit", "nan", "pcs", "nan"),
        ("odd", "B", "COLA-05", ""),
        ("item", "C", "COLA-05", ""),
        ("item", "D", "", ""),
    )
    form = {}
    for n, row in enumerate(rows):
        form |= {f"{name}-{n}": value for name, value in zip(("kind", "key", "code", "factor"), row, strict=True)}
    shown = made.act("map", **form)
    for words in ("There is no Item NO-SUCH", "Give a number above 0", "box: Give a plain number", "1 code is mapped."):
        assert words in shown, words
    assert ErpMapping.objects.get().ext_key == "C"


def test_a_mapping_is_taken_back_once(made: World) -> None:
    made.act("map", **{"kind-0": "item", "key-0": "C", "code-0": "COLA-05"})
    number = str(ErpMapping.objects.get().pk)
    assert "means nothing here any more" in made.act("unmap", mapping=number)
    assert ErpMapping.objects.get().valid_to is not None
    assert made.eva.post(f"{SETUP}unmap/", {"mapping": "odd"}).status_code == 404


def test_a_live_connection_is_stopped_with_a_reason(made: World) -> None:
    ErpConnection.objects.update(state="live", checked_at=datetime.now(UTC))
    assert "Say why" in made.act("stop", why=" ")
    made.act("stop", why="The ERP is moved")
    assert (made.connection().state, made.connection().stopped_because) == ("stopped", "The ERP is moved")
    assert JournalEntry.objects.filter(action="erp_stop").count() == 1


def test_planners_map_and_do_nothing_else_here(made: World, client: Client) -> None:
    client.force_login(made.plant.person(Role.PLANNER))
    page = client.get(SETUP).content.decode()
    assert "Keep these" in page
    assert "Go live" not in page
    assert "Keep the settings" not in page
    verbs = ("settings", "secret", "check", "dry", "live", "stop")
    assert {client.post(f"{SETUP}{verb}/").status_code for verb in verbs} == {403}
    assert client.post(f"{SETUP}odd/").status_code == 404
    connection(made.plant.line_1.area.site, datetime.now(UTC), "OTHER")
    client.force_login(made.plant.person(Role.SUPERVISOR))
    assert client.get(SETUP).status_code == 403
