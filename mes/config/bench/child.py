"""A process of its own that answers JSON lines: so that what is measured is alone in its process."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mes.config.processes.child import die_with_parent

BASE = Path(__file__).resolve().parent.parent.parent.parent


class ChildFailed(RuntimeError):
    """The child answered with an error or is gone."""


class JsonChild:
    """Runs `python -m MODULE` with these environment variables; answers one question at a time. A context manager."""

    def __init__(self, module: str, **variables: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=BASE,
            env={**os.environ, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )
        assert self._process.stdin is not None  # noqa: S101  (made with pipes)
        assert self._process.stdout is not None  # noqa: S101
        self._to, self._from = self._process.stdin, self._process.stdout

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def ask(self, do: str, **options: Any) -> dict[str, Any]:
        """Sends a command and waits for its answer; ChildFailed with the child's words when it has none."""
        try:
            self._to.write(json.dumps({"do": do, **options}) + "\n")
            self._to.flush()
            line = self._from.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise ChildFailed(f"The process of {self._process.args!r} is gone.")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise ChildFailed(answer["error"])
        return answer

    def close(self) -> None:
        """Lets it end by closing its input; kills it when it does not within five seconds."""
        self._to.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._from.close()

    def __enter__(self) -> "JsonChild":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def answer_lines(commands: dict[str, Callable[..., dict[str, Any]]]) -> None:
    """The child's side: answers every line of standard input until it ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            answer = commands[asked.pop("do")](**asked)
        except Exception as error:  # the parent must hear of it, whatever it is
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
