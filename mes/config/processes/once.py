"""A helper process that `up` starts and that ends by itself: its JSON lines become events, its log goes to a file."""

import contextlib
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mes.config.processes.child import die_with_parent
from mes.config.processes.logs import last_lines, open_log


class OnceFailed(Exception):
    """The process ended with an error; the text carries the last lines of its log."""


class Once:
    """A running one-time process. `look` never waits, so it fits into the supervisor's loop."""

    def __init__(self, name: str, command: list[str], *, cwd: Path, env: Mapping[str, str], log_dir: Path) -> None:
        self.name = name
        self.done = False
        self.told: dict[str, dict[str, Any]] = {}  # its events by name
        self._log_path = log_dir / f"{name}.log"
        self._rest = b""
        log = open_log(self._log_path)
        try:
            self._process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**os.environ, **env},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGKILL),
            )
        finally:
            os.close(log)
        assert self._process.stdout  # noqa: S101  (asked for above)
        self._out = self._process.stdout.fileno()
        os.set_blocking(self._out, False)

    def look(self) -> None:
        """Takes in what it told since the last call and whether it is done. OnceFailed when it ended with an error."""
        code = self._process.poll()
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self._out, 65536):
                self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        for event in (json.loads(line) for line in lines if line.startswith(b"{")):
            self.told[event["event"]] = event
        if code is not None:
            self.done = True
            if code:
                words = "\n".join(f"  {line}" for line in last_lines(self._log_path))
                raise OnceFailed(
                    f"{self.name} failed (exit code {code}). The end of its log {self._log_path}:\n{words}"
                )

    def kill(self) -> None:
        """Ends it and all it started, if it still runs."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
