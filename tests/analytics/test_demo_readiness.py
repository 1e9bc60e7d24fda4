"""The demo's lines are as ready as its history makes them: nothing is made up for them."""

import pytest

from analytics.plans import plans_archive
from analytics.readiness.report import readiness_measure
from mes.demo.load import PLANT_FILE, plant_load
from mes.plant.models import Line
from mes.plantfile.read import plant_read
from tests.demo.conftest import NOW, PASSWORDS


@pytest.mark.django_db
def test_every_demo_line_is_measured_from_its_history() -> None:
    plant_load(plant=plant_read(PLANT_FILE.read_text()), now=NOW, passwords=PASSWORDS, port_base=42_000)
    plans_archive(at=NOW)
    values: dict[str, dict[str, float | None]] = {}
    witnesses: dict[str, str] = {}
    phases: dict[str, int] = {}
    for line in Line.objects.select_related("area__site"):
        report = readiness_measure(line=line, actor="system", at=NOW)
        assert report is not None
        values[line.code] = {m["key"]: m["value"] for part in report.scores for m in part["measures"]}
        phases[line.code] = report.phase
        # The four weeks that Millwright saw are no 28 days against those before: without stability there is no score.
        assert report.r < 1
        assert report.inputs["imported_weeks"] == pytest.approx(8, abs=0.02)
        assert report.inputs["days"][-1]["archived"] is True
        witnesses[line.code] = report.inputs["witness"]
    assert set(witnesses.values()) == {"witnessed", "unwitnessed", "contradicted"}
    assert {code: witnesses[code] == "contradicted" for code in phases} == {c: n == 2 for c, n in phases.items()}
    assert sorted(phases.values()) == [2, 3, 3]
    for found in values.values():
        assert found["heard"] == pytest.approx(1, abs=0.02)
        assert found["linked"] == pytest.approx(1, abs=0.02)
        assert found["weeks"] == pytest.approx(12, abs=0.02)
        assert found["archived"] == 1
        assert found["prompt"] == pytest.approx(239 / 240)
        assert found["psi"] is None
    assert len({found["coded"] for found in values.values()}) == len(values)
