"""The processes that are measured: `forecast_eval` itself, what it knows as files, peers in their own Python."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

from mes.config.bench.child import BASE, ChildFailed
from mes.config.bench.forecast.score import Grain

ONE_THREAD = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")}
PEER_SCRIPT = Path(__file__).with_name("peer_process.py")
PLANLESS = ("AutoETS", "AutoCES", "MSTL", "AutoTheta")
WITH_PLAN = ("AutoARIMA+X", "LightGBM")
TOO_SLOW = {"hour": ("AutoTheta", "AutoARIMA+X")}
"""Peers that take 20 s a line and more at a grain, and are not asked there."""


def evaluate(folder: Path, grain: Grain, method: str = "best", history: str = "history.csv") -> float:
    """Runs `forecast_eval` on the files of a folder to q_METHOD_GRAIN.csv; its CPU seconds."""
    out = answers_path(folder, grain, method, history)
    files = ["--history", folder / history, "--calendar", folder / "calendar.csv", "--orders", folder / "orders.csv"]
    return _ran([*_manage(), *files, *_asked(grain), "--method", method, "--out", out])


def evaluate_plain(history: Path, grain: Grain, out: Path) -> float:
    """Runs `forecast_eval` on plain series."""
    return _ran([*_manage(), "--history", history, *_asked(grain), "--out", out])


def answers_path(folder: Path, grain: Grain, method: str = "best", history: str = "history.csv") -> Path:
    """Where `evaluate` writes."""
    return folder / f"q_{method}_{Path(history).stem}_{grain.name}.csv"


def run_peers(python: str, folder: Path, grain: Grain, names: tuple[str, ...]) -> dict[str, Path]:
    """Files of the peers that this Python has; those that are too slow at the grain are not asked."""
    asked = [name for name in names if name not in TOO_SLOW.get(grain.name, ())]
    done = subprocess.run(
        [python, str(PEER_SCRIPT), str(folder), grain.name, *asked],
        env={**os.environ, **ONE_THREAD},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ChildFailed(f"{python} could not run the peers: {done.stderr.strip().splitlines()[-1:]}")
    return {name: folder / f"peer_{name}_{grain.name}.csv" for name in json.loads(done.stdout.splitlines()[-1])}


def write_inputs(folder: Path, grain: Grain) -> None:
    """What our model knew, for peers that are given the same."""
    _ran([sys.executable, "-m", "mes.config.bench.forecast.inputs", folder, grain.name])


def asked_of(module: str, *options: object) -> str:
    """What a module of this benchmark prints when run by itself."""
    done = subprocess.run(
        [sys.executable, "-m", f"mes.config.bench.forecast.{module}", *map(str, options)],
        cwd=BASE,
        env={**os.environ, **ONE_THREAD},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ChildFailed(done.stderr.strip()[-300:])
    return done.stdout


def _manage() -> list[object]:
    return [sys.executable, BASE / "manage.py", "forecast_eval"]


def _asked(grain: Grain) -> list[object]:
    return ["--grain", grain.name, "--horizon", grain.horizon]


def _ran(command: list[object]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [str(part) for part in command],
        cwd=BASE,
        env={**os.environ, **ONE_THREAD},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ChildFailed(done.stderr.strip()[-300:])
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
