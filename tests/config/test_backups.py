"""A backup brings back what was there, says so by counting, and refuses what it must."""

import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from erp_sync.connections import connection_create, connection_secrets_keep
from mes.config.backups import DUMP, MANIFEST, BackupProblem, backup, read_manifest, restore
from mes.config.embedded.postgres import binaries
from mes.journal.models import JournalEntry
from mes.journal.seal import seal
from mes.journal.write import record
from mes.plant.models import Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def plant() -> None:
    Site.objects.create(code="NORTH", name="North", time_zone="Europe/Berlin")
    for number in range(3):
        record(actor="eve", at=datetime.now(UTC), action="noted", kind="site", code="NORTH", data={"n": number})
    seal()


def test_a_restored_backup_equals_what_was_there(plant: None, tmp_path: Path) -> None:
    content = backup(tmp_path / "b.tar")
    assert (content.rows["plant_site"], content.rows["journal_journalentry"], content.journal_seq) == (1, 3, 3)
    Site.objects.create(code="SOUTH", name="South", time_zone="Europe/Berlin")
    Site.objects.filter(code="NORTH").update(name="Changed since")
    assert restore(tmp_path / "b.tar", replace=True) == content
    assert list(Site.objects.values_list("code", "name")) == [("NORTH", "North")]
    assert JournalEntry.objects.get(seq=2).data == {"n": 1}


def test_the_restored_journal_is_still_append_only(plant: None, tmp_path: Path) -> None:
    backup(tmp_path / "b.tar")
    restore(tmp_path / "b.tar", replace=True)
    with pytest.raises(Exception, match="append-only"):
        JournalEntry.objects.filter(seq=1).delete()


def test_data_is_not_replaced_without_the_word_for_it(plant: None, tmp_path: Path) -> None:
    backup(tmp_path / "b.tar")
    with pytest.raises(CommandError, match="--replace"):
        call_command("restore", str(tmp_path / "b.tar"))


def test_a_backup_never_overwrites_a_file(tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_text("precious")
    with pytest.raises(BackupProblem, match="exists already"):
        backup(tmp_path / "b.tar")
    assert (tmp_path / "b.tar").read_text() == "precious"


def test_a_file_that_is_cut_short_or_no_backup_is_refused_before_anything_happens(plant: None, tmp_path: Path) -> None:
    backup(tmp_path / "b.tar")
    whole = (tmp_path / "b.tar").read_bytes()
    (tmp_path / "cut.tar").write_bytes(whole[:600])
    with pytest.raises(BackupProblem, match="cut short"):
        restore(tmp_path / "cut.tar", replace=True)
    with pytest.raises(BackupProblem, match="There is no file"):
        read_manifest(tmp_path / "none.tar")
    assert Site.objects.count() == 1


def test_a_dump_that_was_tampered_with_is_refused_and_the_data_stays(plant: None, tmp_path: Path) -> None:
    backup(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as tar:
        tar.extractall(tmp_path / "x", filter="data")
    dump = bytearray((tmp_path / "x" / "database.dump").read_bytes())
    dump[len(dump) // 2 :] = b"\0" * (len(dump) - len(dump) // 2)
    (tmp_path / "x" / "database.dump").write_bytes(dump)
    with tarfile.open(tmp_path / "bad.tar", "w") as tar:
        for name in ("manifest.json", "database.dump"):
            tar.add(tmp_path / "x" / name, arcname=name)
    with pytest.raises(BackupProblem, match="pg_restore failed"):
        restore(tmp_path / "bad.tar", replace=True)
    connection.close()
    assert Site.objects.get().code == "NORTH"


def test_no_password_stands_in_the_file(plant: None, tmp_path: Path) -> None:
    backup(tmp_path / "b.tar")
    password = connection.settings_dict["PASSWORD"]
    assert password
    assert password.encode() not in (tmp_path / "b.tar").read_bytes()


def test_no_secret_of_an_erp_stands_in_a_backup(plant: None, tmp_path: Path, settings: Any) -> None:
    """Secrets are files outside the database, and a backup holds the database alone: all of it is looked through."""
    settings.DATA_DIR, at = tmp_path, datetime.now(UTC)
    names = {"code": "PLANT-ERP", "name": "ERP", "kind": "tryton", "address": "https://erp.example"}
    erp = connection_create(**names, site=Site.objects.get(), actor="eve", at=at)
    connection_secrets_keep(connection=erp, values={"password": "hush-42"}, actor="eve", at=at)
    assert "hush-42" in (tmp_path / "secrets/erp/PLANT-ERP.json").read_text()
    backup(tmp_path / "b.tar")
    with tarfile.open(tmp_path / "b.tar") as archive:
        assert {part.name for part in archive.getmembers()} == {DUMP, MANIFEST}
        archive.extractall(tmp_path, filter="data")
    dump = [str(binaries() / "pg_restore"), "--file=-", str(tmp_path / DUMP)]
    unpacked = subprocess.run(dump, capture_output=True, text=True, check=True).stdout
    assert "PLANT-ERP" in unpacked
    assert "hush-42" not in unpacked + (tmp_path / MANIFEST).read_text()
