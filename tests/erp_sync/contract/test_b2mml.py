"""The connector over a drop folder of B2MML messages keeps the rows of the contract that files can keep."""

import pytest

from tests.erp_sync.contract.drop_folders import CANNOT
from tests.erp_sync.contract.rig_b2mml import B2mmlRig
from tests.erp_sync.contract.suite import Contract


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> B2mmlRig:
    """One folder for all rows: each of them makes its own orders."""
    return B2mmlRig(tmp_path_factory.mktemp("b2mml"))


class TestB2mml(Contract):
    """Every row but those that files have no place for."""

    cannot = CANNOT
