"""The demo's ERP beside `up`: prepared in the background once tiles move, then kept alive like the other children."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mes.config.processes.once import Once, OnceFailed
from mes.config.processes.plan import erp
from mes.config.processes.supervisor import Supervisor


class ErpBeside:
    """Follows the helper that prepares the ERP. Nothing waits for it, and its failure leaves the demo as it is."""

    def __init__(self, helper: Once, supervisor: Supervisor, *, base: Path, say: Callable[[str, str], None]) -> None:
        self.facts: dict[str, Any] = {"state": "is being prepared"}  # for the ready file
        self._helper = helper
        self._supervisor = supervisor
        self._base = base
        self._say = say
        self._heard: set[str] = set()

    def look(self) -> bool:
        """Takes in what the helper told, without waiting; True where `facts` have changed."""
        if self._helper.done:
            return False
        before = json.dumps(self.facts)
        try:
            self._helper.look()
        except OnceFailed as problem:
            self._say("erp", str(problem))
            self.facts = {"state": "failed"}
        for event in list(self._helper.told.values()):
            self._take(event)
        return json.dumps(self.facts) != before

    def _take(self, event: dict[str, Any]) -> None:
        line = json.dumps(event)
        if line in self._heard:
            return
        self._heard.add(line)
        if event["event"] in ("said", "no erp"):
            self._say("erp", event["text"])
        elif event["event"] == "serve":
            self._supervisor.start(erp(self._base, event["command"], event["env"], event["port"]))
        elif event["event"] == "connected":
            self._connected(event)

    def _connected(self, told: dict[str, Any]) -> None:
        names = ("name", "url", "connection", "people")
        self.facts = {"state": "runs"} | {name: told[name] for name in names}
        self._say("erp", f"{told['name']} runs at {told['url']}" + (f": {told['problem']}" if told["problem"] else ""))
        for person in told["people"]:
            self._say("erp", f"  {person['name']:<12} {person['password']:<26} {person['for']}")
