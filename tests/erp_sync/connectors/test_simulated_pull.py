"""Whatever planners do between the pages, whoever pulls ends with what the ERP has: random stories, small pages."""

from collections.abc import Iterator

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from erp_sync.connectors.simulated import SimulatedErp
from tests.erp_sync.contract.rig import everything
from tests.erp_sync.contract.rig_simulated import SimulatedRig

DEEDS = st.lists(
    st.tuples(st.sampled_from(["make", "late", "twins", "change", "page", "page"]), st.integers(1, 900)), max_size=25
)


@pytest.fixture(scope="module")
def rig(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedRig]:
    rig = SimulatedRig(tmp_path_factory.mktemp("erp"))
    yield rig
    rig.close()


@settings(max_examples=25, deadline=None, derandomize=True, phases=[Phase.generate])  # shrinking takes minutes
@given(deeds=DEEDS, limit=st.integers(1, 4))
def test_nothing_is_missed_and_nothing_stays_old(rig: SimulatedRig, deeds: list[tuple[str, int]], limit: int) -> None:
    erp: SimulatedErp = rig.connect()
    keys = [rig.make(1)]
    _found, cursor = everything(erp)
    seen: dict[str, int] = {}
    wanted = {keys[0]: 1}
    for deed, number in deeds:
        if deed == "page":
            page = erp.pull_orders(cursor, limit=limit)
            cursor = page.cursor
            seen |= {request.ref.key: int(request.quantity.value) for request in page.requests}
        elif deed == "change":
            key = keys[number % len(keys)]
            rig.change(key, number)
            wanted[key] = number
        else:
            made = {
                "make": lambda: [rig.make()],
                "late": lambda: [rig.make_late()],
                "twins": lambda: rig.make_at_once(2),
            }
            new = made[deed]()
            keys += new
            wanted |= dict.fromkeys(new, 100)
    # The last page reached the end only if nothing was written behind its back: so once from where it stands, and
    # once more with the overlap, as every next pull does.
    for _pull in range(2):
        rest, cursor = everything(erp, cursor, limit=limit)
        seen |= {key: int(request.quantity.value) for key, request in rest.items()}
    assert {key: seen.get(key) for key in wanted} == wanted
    for key in keys:
        rig.delete(key)
    erp.close()
