"""Confirmations over a bad line to both series of Tryton, in the small: the same as `bench erp_chaos` in the large."""

from dataclasses import replace

from erp_sync.demo.series import DATABASE
from mes.config.bench.erp_chaos import Erp, chaos, deleted_is_found, late_is_found
from tests.erp_sync.tryton import RunningTryton


def test_a_line_that_loses_two_of_five_writes_and_a_dying_worker_leave_no_difference(
    each_tryton: RunningTryton,
) -> None:
    """What Tryton's own tables have is what the ledger has: good and scrap by lot, used by item and lot."""
    secrets = {"user": "admin", "password": each_tryton.built.admin_password}
    office = replace(each_tryton.settings, secrets=secrets)
    erp = Erp(each_tryton.settings, office, each_tryton.server.folder / f"{DATABASE}.sqlite")
    outcome = chaos(erp, orders=2, each=2, seed=11)
    assert outcome.counted["lost before"] > 5
    assert outcome.counted["lost after"] > 5
    assert outcome.counted["killed"] > 0
    assert outcome.differ == []
    assert min(outcome.good, outcome.used) > 0
    assert late_is_found(erp)
    assert deleted_is_found(erp)
