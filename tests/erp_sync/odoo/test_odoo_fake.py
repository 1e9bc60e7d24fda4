"""The fake Odoo answers as a running 17.0 did: every recorded exchange of an order's life is said to it again."""

import json
from pathlib import Path
from typing import Any

from tests.erp_sync.odoo.model import FakeOdoo
from tests.erp_sync.odoo.store import MANY2ONE, OdooError, Row

RECORDED = [json.loads(line) for line in (Path(__file__).with_name("recorded.jsonl")).read_text().splitlines()]
# What the fake keeps: the fields that decide what the connector does. Times, durations and names of views are left out.
COMPARED = {
    "state", "product_qty", "qty_producing", "qty_produced", "name", "quantity", "product_uom_qty", "origin",
    "backorder_sequence", "scrap_qty", "lot_id", "display_name", "default_code",
}  # fmt: skip


Ids = dict[tuple[str, int], int]
"""(model, id in the recording) to the id here: the real one also numbers rows that the fake does not have."""


def test_every_recorded_exchange_is_answered_alike() -> None:
    odoo, ids, checked = FakeOdoo(), Ids(), 0
    for said in RECORDED:
        model = said["model"]
        arguments = [_mapped(model, value, ids) for value in said["args"]]
        answer = _answer(odoo, said, [*arguments, _mapped(model, said["kw"], ids)])
        if isinstance(answer, OdooError):
            assert answer.name == said.get("error", {}).get("name"), (said["n"], answer.message)
            checked += 1
            continue
        assert "error" not in said, (said["n"], answer)
        _learn(model, said, answer, ids)
        assert _kept(model, answer, {}) == _kept(model, said["result"], ids), said["n"]
        assert said.get("no_result", False) == (answer is None), said["n"]
        checked += 1
    assert checked == len(RECORDED) == 104


def _answer(odoo: FakeOdoo, said: Row, arguments: list[Any]) -> Any:
    try:
        return odoo.execute(said["model"], said["method"], arguments[:-1], arguments[-1])
    except OdooError as wrong:
        return wrong


def _mapped(model: str, value: Any, ids: Ids) -> Any:
    """The recorded argument with our ids: lists of numbers are ids of the model, terms and values name theirs."""
    if isinstance(value, list) and len(value) == 3 and value[1] in ("=", "in", ">=", ">", "not in"):
        link = model if value[0] == "id" else MANY2ONE.get(value[0].split(".")[-1])
        return [
            value[0],
            value[1],
            ids.get((link, value[2]), value[2]) if link and isinstance(value[2], int) else value[2],
        ]
    if isinstance(value, list):
        return [ids.get((model, one), one) if isinstance(one, int) else _mapped(model, one, ids) for one in value]
    if isinstance(value, dict):
        links = MANY2ONE | {"mo_id": "mrp.production"}
        return {
            key: ids.get((links[key], one), one) if key in links and isinstance(one, int) else _mapped(model, one, ids)
            for key, one in value.items()
        }
    return value


def _learn(model: str, said: Row, answer: Any, ids: Ids) -> None:
    if said["method"] == "create":
        was = said["result"] if isinstance(said["result"], list) else [said["result"]]
        now = answer if isinstance(answer, list) else [answer]
        ids.update({(model, old): new for old, new in zip(was, now, strict=True)})
    if said["method"] == "search_read" and said["result"] and len(said["result"]) == len(answer):
        ids.update({(model, old["id"]): new["id"] for old, new in zip(said["result"], answer, strict=True)})
    if isinstance(answer, dict) and answer.get("res_model") == "mrp.production":
        ids["mrp.production", said["result"]["res_id"]] = answer["res_id"]


def _kept(model: str, result: Any, ids: Ids) -> Any:
    """What is compared of a result."""
    if isinstance(result, dict):
        return {key: _plain(value) for key, value in result.items() if key in COMPARED}
    if isinstance(result, list) and result and isinstance(result[0], dict):
        return [_kept(model, row, ids) for row in result]
    return result if isinstance(result, bool | str) or result is None else "numbers"


def _plain(value: Any) -> Any:
    return value[1] if isinstance(value, list) else value
