"""The evidence pack: what stands in it, that it can be checked, and that a change to it or to the journal is found."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from mes.journal.seal import seal
from mes.people.models import Role
from mes.production.orders import order_start
from mes.thread.canonical import sha256_of
from tests.production.small_plant import SIX, SmallPlant, small_plant


@pytest.fixture
def plant(db: None, settings: Any, tmp_path: Path) -> SmallPlant:
    """WO-1 was started by somebody with an odd name; its entries are sealed."""
    settings.DATA_DIR = tmp_path
    plant = small_plant()
    for number in ("WO-0", "WO-1", "WO-2", "WO-1-B"):
        order = plant.order(number)
        if number == "WO-1":
            order_start(order=order, work_center=plant.filler, actor="o(tto)\\ é漢", at=SIX)
    seal()
    return plant


def downloaded(plant: SmallPlant, client: Client, tmp_path: Path) -> Path:
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_1))
    answer = client.get("/thread-pack/WO-1/")
    assert answer.status_code == 200
    path = tmp_path / "evidence.zip"
    path.write_bytes(answer.content)
    return path


def verified(path: Path, *options: str) -> str:
    out = io.StringIO()
    call_command("thread", "verify", str(path), *options, stdout=out)
    return out.getvalue()


def rewritten(path: Path, **parts: bytes) -> Path:
    """The pack with some of its files replaced."""
    with zipfile.ZipFile(path) as bundle:
        files = {name: bundle.read(name) for name in bundle.namelist()}
    made = path.with_name("changed.zip")
    with zipfile.ZipFile(made, "w") as bundle:
        for name, body in files.items():
            bundle.writestr(name, parts.get(name.split(".")[0], body) if name == "evidence.json" else body)
    return made


def test_a_pack_holds_and_its_pdf_prints_the_sum_of_its_json(plant: SmallPlant, client: Client, tmp_path: Path) -> None:
    path = downloaded(plant, client, tmp_path)
    assert "The pack about WO-1 holds" in verified(path)
    with zipfile.ZipFile(path) as bundle:
        data, pdf = bundle.read("evidence.json"), bundle.read("evidence.pdf")
        (tmp_path / "given.pem").write_bytes(bundle.read("public-key.pem"))
    assert sha256_of(data).encode().hex().encode() in pdf
    pack = json.loads(data)
    assert [entry["actor"] for entry in pack["journal"]["entries"]] == ["o(tto)\\ é漢"]
    assert "WO-1-B" not in data.decode()
    assert verified(path, "--key", str(tmp_path / "given.pem"), "--offline")


def test_a_changed_pack_and_a_changed_journal_are_found(plant: SmallPlant, client: Client, tmp_path: Path) -> None:
    path = downloaded(plant, client, tmp_path)
    with zipfile.ZipFile(path) as bundle:
        forged = bundle.read("evidence.json").replace(b"order_start", b"order_pause")
    with pytest.raises(CommandError, match="signature does not fit"):
        verified(rewritten(path, evidence=forged))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE journal_journalentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE journal_journalentry SET hash = repeat('0', 64)")
    with pytest.raises(CommandError, match="another one in this server's journal"):
        verified(path)


def test_a_pack_is_for_who_may_see_the_audit_and_only_of_their_lines(plant: SmallPlant, client: Client) -> None:
    client.force_login(plant.person(Role.OPERATOR, plant.line_1))
    assert client.get("/thread-pack/WO-1/").status_code == 403
    client.force_login(plant.person(Role.SUPERVISOR, plant.line_2, name="other"))
    assert client.get("/thread-pack/WO-1/").status_code == 404


def test_what_is_no_pack_is_refused_with_a_sentence(plant: SmallPlant, tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"no zip")
    for words in (["verify"], ["verify", str(tmp_path / "x.zip")], ["verify", str(tmp_path / "missing.zip")]):
        with pytest.raises(CommandError):
            call_command("thread", *words)
