"""The engine runs without the web: a process that polls loads neither Django nor Celery."""

import subprocess
import sys

PROBE = """
import sys
import mes.plc.engine, mes.plc.spool
from mes.plc.drivers import KINDS, make_driver
from mes.plc.engine import ControllerSpec
for kind in KINDS:
    make_driver(ControllerSpec("C", kind, "127.0.0.1", 1.0, 1.0, ()))
print(sorted(name for name in sys.modules if name.split(".")[0] in ("django", "celery", "rest_framework", "channels")))
"""


def test_neither_django_nor_celery_is_loaded_by_engine_drivers_and_spool() -> None:
    done = subprocess.run([sys.executable, "-c", PROBE], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
