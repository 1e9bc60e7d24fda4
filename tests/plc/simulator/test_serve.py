"""`./manage.py controllers serve FILE` as a process: ready file, addresses, ledgers, a quick end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

import mes
from mes.plc.simulator.control import ControlClient
from mes.plc.simulator.server import ControllerServer
from mes.plc.simulator.tags import VirtualController
from tests.plc.simulator.deadline import until
from tests.plc.simulator.wire import Wire, read_tag

MANAGE = Path(mes.__file__).parent.parent / "manage.py"
PLANT = """
controllers:
  A: {tags: {Own: {type: DINT, value: 501}}, machines: {M1: {script: [{run: 1000, cycle_s: 0.02}]}}}
  B: {kind: slc, files: {N7: [502]}}
"""


def serve(*arguments: object) -> "subprocess.Popen[str]":
    command = [sys.executable, str(MANAGE), "controllers", "serve", *[str(a) for a in arguments]]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ})


def free_pair() -> int:
    """A port that is free together with the next one."""
    while True:
        with socket.socket() as one, socket.socket() as two:
            one.bind(("127.0.0.1", 0))
            port = one.getsockname()[1]
            try:
                two.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def test_a_file_is_served_from_the_port_base_on_and_ends_within_two_seconds(tmp_path: Path) -> None:
    file, ready, ledgers = tmp_path / "plant.yaml", tmp_path / "ready.json", tmp_path / "ledgers"
    file.write_text(PLANT)
    base = free_pair()
    process = serve(file, "--port-base", base, "--ready-file", ready, "--ledger-dir", ledgers)
    try:
        until(lambda: ready.exists() or process.poll() is not None, 60)
        told = json.loads(ready.read_text())
        assert told["controllers"] == [
            {"code": "A", "kind": "logix", "address": f"127.0.0.1:{base}"},
            {"code": "B", "kind": "slc", "address": f"127.0.0.1:{base + 1}"},
        ]
        assert ready.stat().st_mode & 0o077 == 0
        with Wire(ControllerServer(VirtualController(), port=base)) as wire:
            assert wire.unconnected(read_tag("Own"))[6:] == (501).to_bytes(4, "little")
        with ControlClient.from_ready_file(str(ready)) as client:
            until(lambda: client.ledger("M1")["good"] > 5)
            client.force("M1", "breakdown", reason=31)
            told_at = time.monotonic()
            process.send_signal(signal.SIGTERM)
            output, errors = process.communicate(timeout=10)
            assert time.monotonic() - told_at < 5  # two seconds, and room for a busy machine
        assert (process.returncode, errors) == (0, "")
    finally:
        process.kill()
        process.wait()
    assert f"A  logix  127.0.0.1:{base}\nB  slc  127.0.0.1:{base + 1}\n" in output
    lines = [json.loads(line) for line in (ledgers / "M1.jsonl").read_text().splitlines()]
    assert [(line["kind"], line["reason"]) for line in lines] == [("run", 0), ("breakdown", 31)]
    assert lines[0]["good"] > 5
    assert lines[0]["end_ms"] == lines[1]["start_ms"]


def test_a_file_with_mistakes_ends_with_its_sentences(tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    file.write_text("controllers:\n  A: {kind: toaster}\n")
    with pytest.raises(CommandError, match=r"line 2: 'kind' of 'A' must be logix or slc, not 'toaster'\."):
        call_command("controllers", "serve", str(file))


def test_a_taken_port_ends_with_a_sentence_and_leaves_nothing_running(tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    file.write_text(PLANT)
    threads = threading.active_count()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(CommandError, match="Is the port taken"):
            call_command("controllers", "serve", str(file), "--port-base", str(taken.getsockname()[1]))
    assert threading.active_count() == threads
