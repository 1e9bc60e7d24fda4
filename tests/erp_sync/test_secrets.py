"""Secrets of ERPs: outside the database, for the server's user only, the environment first, and never half written."""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from erp_sync.errors import AuthError
from erp_sync.secrets import secrets_keep, secrets_missing, secrets_of, variable


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Iterator[Path]:
    settings.DATA_DIR = tmp_path
    mask = os.umask(0)  # the widest: the file must be narrow all the same
    yield tmp_path / "secrets" / "erp"
    os.umask(mask)


def test_what_is_kept_is_found_again_and_only_the_servers_user_may_read_it(folder: Path) -> None:
    assert secrets_of("SAP-1") == {}
    secrets_keep("SAP-1", {"user": "mes", "password": 'ä "x"'})
    secrets_keep("SAP-1", {"user": "mes", "password": 'ä "x"'})
    assert secrets_of("SAP-1") == {"user": "mes", "password": 'ä "x"'}
    assert [(path.name, path.stat().st_mode & 0o777) for path in folder.iterdir()] == [("SAP-1.json", 0o600)]
    assert {path.stat().st_mode & 0o777 for path in (folder, folder.parent)} == {0o700}


def test_what_is_not_named_stays_and_an_empty_text_drops_one() -> None:
    secrets_keep("SAP", {"user": "mes", "password": "one", "key": "k"})
    secrets_keep("SAP", {"password": "two", "key": ""})
    assert secrets_of("SAP") == {"user": "mes", "password": "two"}


def test_the_environment_goes_before_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets_keep("sap-1", {"user": "mes", "password": "file"})
    assert variable("sap-1") == "MES_ERP_SECRET_SAP_1"
    monkeypatch.setenv("MES_ERP_SECRET_SAP_1", "word of the environment")
    assert secrets_of("sap-1") == {"user": "mes", "password": "word of the environment"}
    monkeypatch.setenv("MES_ERP_SECRET_SAP_1", json.dumps({"user": "other"}))
    assert secrets_of("sap-1") == {"user": "other", "password": "file"}


def test_a_file_that_others_may_read_or_that_is_damaged_is_said_without_its_content(folder: Path) -> None:
    secrets_keep("SAP", {"password": "hush"})
    file = folder / "SAP.json"
    file.chmod(0o640)
    with pytest.raises(AuthError, match="chmod 600"):
        secrets_of("SAP")
    file.chmod(0o600)
    for text in ('{"password": hush', '{"password": 1}', '{"hush": ["a"]}'):
        file.write_text(text)
        with pytest.raises(AuthError) as problem:
            secrets_of("SAP")
        assert "hush" not in str(problem.value)


@pytest.mark.parametrize("code", ["", "../x", "a/b", ".hidden", "a\x00b", "x" * 41])
def test_a_code_is_never_a_path(code: str) -> None:
    with pytest.raises(AuthError):
        secrets_keep(code, {"password": "x"})


def test_what_is_missing_is_one_sentence_with_the_remedy() -> None:
    secrets_keep("SAP", {"user": "mes"})
    said = secrets_missing("SAP", ("api_key", "password"))
    assert said == (
        "The connection SAP has no api_key or password: enter it on the connection's page, or set MES_ERP_SECRET_SAP."
    )
    assert secrets_missing("SAP", ()) == ""
    secrets_keep("SAP", {"password": "one"})
    assert secrets_missing("SAP", ("api_key", "password")) == ""
