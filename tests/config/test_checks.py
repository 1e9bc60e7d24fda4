"""System checks name settings that would give more away than meant."""

from pathlib import Path
from typing import Any

from django.core.checks import run_checks


def test_folders_of_erps_are_absolute_and_hold_no_data_of_millwright(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"
    good = (str(tmp_path / "data" / "erp-files"), "/srv/sap")
    bad = ("relative", "/", str(tmp_path), str(tmp_path / "data"))
    settings.ERP_FOLDERS = (*good, *bad)
    said = [str(check.msg) for check in run_checks() if check.id == "mes.E005"]
    assert [next(root for root in bad if f" {root}," in text) for text in said] == list(bad)
