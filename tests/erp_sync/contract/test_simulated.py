"""The connector to the simulated ERP keeps the whole contract."""

from collections.abc import Iterator

import pytest

from tests.erp_sync.contract.rig_simulated import SimulatedRig
from tests.erp_sync.contract.suite import Contract


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedRig]:
    """One service for all rows: each of them makes its own orders."""
    rig = SimulatedRig(tmp_path_factory.mktemp("erp"))
    yield rig
    rig.close()


class TestSimulated(Contract):
    """Every row."""
