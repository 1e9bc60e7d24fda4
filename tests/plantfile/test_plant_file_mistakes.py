"""Every mistake is listed with its line and a remedy, and a file with mistakes changes nothing."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from mes.journal.models import JournalEntry
from mes.plant.models import Site
from mes.plantfile.read import PlantFileError, plant_read

GOOD = """\
sites:
  S: {time_zone: Europe/Berlin}
areas:
  A: {site: S}
lines:
  BOTTLE-1: {area: A}
work_centers:
  FILL-1: {line: BOTTLE-1}
controllers:
  PLC-1: {address: 10.0.0.1}
bindings:
  FILL-1: {controller: PLC-1, udt: FILL_1, state_map: packml-tr88}
"""


def _mistakes(text: str) -> list[str]:
    with pytest.raises(PlantFileError) as caught:
        plant_read(text)
    return [str(mistake) for mistake in caught.value.mistakes]


@pytest.mark.django_db
def test_a_file_with_three_mistakes_is_refused_whole_with_three_sentences(tmp_path: Path) -> None:
    path = tmp_path / "plant.yaml"
    path.write_text(
        GOOD.replace("line: BOTTLE-1", "line: BOTL-1")
        .replace("Europe/Berlin", "Europe/Berln")
        .replace("controller: PLC-1", "controller: PLC-9")
    )
    with pytest.raises(CommandError) as caught:
        call_command("plant", "import", str(path))
    assert str(caught.value).splitlines() == [
        f"{path} has 3 mistakes, nothing was changed:",
        "line 2: site S has the time zone 'Europe/Berln', which does not exist. Did you mean Europe/Berlin?",
        "line 8: work center FILL-1 names line 'BOTL-1', which this file does not define. Did you mean BOTTLE-1?",
        "line 12: the binding of FILL-1 names controller 'PLC-9', which this file does not define. Did you mean PLC-1?",
    ]
    assert caught.value.returncode == 1
    assert not Site.objects.exists()
    assert not JournalEntry.objects.exists()


def test_the_file_without_mistakes_is_read() -> None:
    assert len(plant_read(GOOD).bindings) == 9


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("  A: {site: S}", "  A: {site: S}\n  A: {site: S}", "line 5: 'A' stands here twice, first in line 4."),
        ("  A: {site: S}", "  A!: {site: S}", "line 4: area 'A!' needs another code"),
        ("areas:", "arreas:", "line 3: There is no section 'arreas'. Did you mean areas?"),
        (
            "{area: A}",
            "{area: A, flow: sideways}",
            "line 6: line BOTTLE-1 has the flow 'sideways', which",
        ),
        ("{area: A}", "{}", "line 6: line BOTTLE-1 has no 'area': add one."),
        ("{line: BOTTLE-1}", "{line: BOTTLE-1, exit: perhaps}", "line 8: work center FILL-1 has 'perhaps' for 'exit'"),
        ("{line: BOTTLE-1}", "{line: BOTTLE-1, micro_stop_s: -1}", "line 8: work center FILL-1 has '-1' for 'micro"),
        ("10.0.0.1}", "10.0.0.1, period_s: 0.1}", "line 10: controller PLC-1 has '0.1' for 'period_s': write a number"),
        ("10.0.0.1}", "10.0.0.1, kind: siemens}", "line 10: controller PLC-1 has the kind 'siemens', which does not"),
        (", state_map: packml-tr88", "", "line 12: the binding of FILL-1 has no state map"),
        (
            "packml-tr88",
            "packml-tr8",
            "names state map 'packml-tr8', which this file does not define. Did you",
        ),
        ("udt: FILL_1, ", "", "line 12: the binding of FILL-1 binds no tag"),
        ("  FILL-1: {controller", "  FILL-2: {controller", "line 12: the binding of FILL-2 names work center 'FILL-2'"),
        ("FILL_1,", "FILL_1, tags: {god: X},", "has the unknown role 'god'. Did you mean good?"),
        (
            "FILL_1,",
            "FILL_1, tags: {good: FILL_1.scrap},",
            "scrap of FILL-1 counts tag FILL_1.Scrap of PLC-1",
        ),
        ("controller: PLC-1, ", "controler: PLC-1, ", "has an unknown field 'controler'. Did you mean controller?"),
        ("sites:", "sites: [", "line 3: This is not YAML"),
        ("{time_zone: Europe/Berlin}", "&a {time_zone: *a}", "Anchors and aliases"),
        ("{time_zone: Europe/Berlin}", "[1, 2]", "line 2: site S needs fields like"),
    ],
)
def test_a_mistake_is_named_with_line_and_remedy(before: str, after: str, said: str) -> None:
    assert before in GOOD
    assert any(said in mistake for mistake in _mistakes(GOOD.replace(before, after)))


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (
            "shift_patterns:\n  P:\n    shifts:\n      - {name: E, days: mon-fri, from: 06:00, to: 14:00}\n"
            "      - {name: L, days: fri, from: 13:00, to: 22:00}\n",
            "line 14: shift pattern P cannot be: Shift L",
        ),
        (
            "shift_patterns:\n  P:\n    shifts:\n      - {name: E, days: funday, from: 6, to: 14:00}\n",
            "line 16: shift E of shift pattern P has the day 'funday'",
        ),
        (
            "shift_patterns:\n  P:\n    shifts:\n      - {name: E, days: mon, from: 6, to: 14:00}\n",
            "line 16: shift E of shift pattern P has '6' for 'from': write a time from 00:00 to 23:59.",
        ),
        ("reasons:\n  X: {reasons: {Y: {plc_code: 1}, Z: {plc_code: 1}}}\n", "reason Z has the plc_code 1 of reason Y"),
        ("reasons:\n  X: {reasons: {X: {}}}\n", "reason X is there twice, first in line 14"),
        (
            f"reasons:\n  X: {{reasons: {{{', '.join(f'R{n}: {{}}' for n in range(9))}}}}}\n",
            "line 14: category X has more than 8 reasons",
        ),
        ("items:\n  I: {ideal_cycle_s: {FILL-9: 1}}\n", "line 14: item I names work center 'FILL-9'"),
        ("items:\n  I: {ideal_cycle_s: {FILL-1: fast}}\n", "line 14: item I on FILL-1 has 'fast' for 'ideal_cycle_s'"),
        ("items:\n  I: {ideal_cycle_s: {FILL-1: 0/h}}\n", "line 14: item I on FILL-1 needs seconds per piece"),
        ("people:\n  p: {role: boss}\n", "line 14: person p has the role 'boss', which does not exist"),
        ("people:\n  p: {role: operator, lines: [L9]}\n", "line 14: person p names line 'L9'"),
        ("people:\n  p: {role: operator, password: x}\n", "line 14: person p has an unknown field 'password'."),
        ("state_maps:\n  M: {states: {1: Exekute}}\n", "line 14: code 1 of state map M names 'Exekute', which is no"),
        ("state_maps:\n  M: {states: {one: Execute}}\n", "line 14: code one of state map M is not a whole number"),
        ("state_maps:\n  M: {}\n", "line 14: state map M has no 'states'"),
    ],
)
def test_a_mistake_in_a_further_section_is_named_too(more: str, said: str) -> None:
    mistakes = _mistakes(GOOD + more)
    assert any(said in mistake for mistake in mistakes), mistakes


def test_an_empty_file_and_a_list_are_refused_with_a_hint() -> None:
    assert _mistakes("") == ["line 1: The file is empty: begin with 'sites:', see docs/plant-file.md."]
    assert "begins with a section" in _mistakes("- a\n- b\n")[0]


def test_a_file_that_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        call_command("plant", "check", str(tmp_path / "none.yaml"))
    (tmp_path / "latin.yaml").write_bytes("sites: {S: {name: Größe}}".encode("latin-1"))
    with pytest.raises(CommandError, match="is not UTF-8"):
        call_command("plant", "check", str(tmp_path / "latin.yaml"))
