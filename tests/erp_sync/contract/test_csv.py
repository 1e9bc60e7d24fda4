"""The connector over a drop folder of CSV files keeps the rows of the contract that files can keep."""

import pytest

from tests.erp_sync.contract.drop_folders import CANNOT
from tests.erp_sync.contract.rig_csv import CsvRig
from tests.erp_sync.contract.suite import Contract


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> CsvRig:
    """One folder for all rows: each of them makes its own orders."""
    return CsvRig(tmp_path_factory.mktemp("csv"))


class TestCsv(Contract):
    """Every row but those that files have no place for."""

    cannot = CANNOT
