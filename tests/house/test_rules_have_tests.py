"""Every rule that the numbers obey (R1 to R48, see docs/rules.md) is named by at least one test."""

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"(?<![A-Za-z0-9])[Rr](\d{1,2})(?![0-9A-Za-z])")


def test_every_rule_is_named_by_a_test() -> None:
    files = [file for file in TESTS.rglob("*.py") if file != Path(__file__)]
    named = {int(number) for file in files for number in NAMED.findall(file.read_text())}
    assert [rule for rule in range(1, 49) if rule not in named] == []
