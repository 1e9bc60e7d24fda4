"""Runs `./manage.py bench` and looks into what it says."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

BASE = Path(__file__).resolve().parent.parent.parent


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BASE / "manage.py"), "bench", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=170, check=False)


def quick(name: str) -> dict[str, Any]:
    """The one result of a quick run."""
    done = bench(name, "--quick", "--json")
    assert done.returncode == 0, done.stderr
    (found,) = json.loads(done.stdout)
    assert (found["name"], found["quick"]) == (name, True)
    return found


def table(found: dict[str, Any], title: str) -> list[dict[str, Any]]:
    """The rows of the table whose title begins like this, by column."""
    chosen = next(each for each in found["tables"] if each["title"].startswith(title))
    return [dict(zip(chosen["columns"], row, strict=True)) for row in chosen["rows"]]
