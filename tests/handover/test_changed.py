"""What differs from a signed handover: figures and losses, worked by hand."""

from typing import Any

from mes.handover.changed import Difference, differences
from mes.handover.document import digest


def document(**figures: Any) -> dict[str, Any]:
    line = {"good": 100, "scrap": 2, "target": 120, "oee": 0.8, "coverage": 1.0} | figures
    return {
        "figures": line,
        "machines": [{"code": "PACK", "name": "Packer", **line}],
        "losses": [{"reason": "Jam", "lost_s": 600}],
    }


def test_the_same_figures_differ_in_nothing() -> None:
    assert differences(document(), document()) == []


def test_figures_of_line_and_machine_are_told_with_both_values() -> None:
    found = differences(document(), document(good=90, oee=0.72))
    assert found == [
        Difference("", "good", "", 100, 90),
        Difference("", "oee", "", 0.8, 0.72),
        Difference("Packer", "good", "", 100, 90),
        Difference("Packer", "oee", "", 0.8, 0.72),
    ]


def test_a_share_that_reads_the_same_is_no_difference_but_one_that_is_not_known_any_more_is() -> None:
    assert differences(document(), document(oee=0.8004)) == []
    assert [row.now for row in differences(document(), document(oee=None))] == [None, None]


def test_a_loss_that_came_or_went_is_told() -> None:
    now = document() | {"losses": [{"reason": "Motor", "lost_s": 60}]}
    assert differences(document(), now) == [
        Difference("", "loss", "Jam", 600, None),
        Difference("", "loss", "Motor", None, 60),
    ]


def test_a_machine_that_is_archived_since_has_no_figures_now() -> None:
    now = document() | {"machines": []}
    assert {(row.place, row.now) for row in differences(document(), now)} == {("Packer", None)}


def test_the_fingerprint_is_that_of_the_canonical_text() -> None:
    """Computed with `printf '{"a":1,"b":"ü"}' | sha256sum`; the order in which keys were written does not matter."""
    known = "1a59e522e02ce50ad2c27c11a6d30f8667489c199580627fe9e3e33e2b0e91d5"
    assert digest({"b": "ü", "a": 1}) == digest({"a": 1, "b": "ü"}) == known
