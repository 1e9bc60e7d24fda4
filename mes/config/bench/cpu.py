"""What processes cost: CPU seconds and memory of a process and everything below it, from /proc."""

import os
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def cpu_s(roots: Mapping[str, int]) -> dict[str, float]:
    """Name to CPU seconds so far of its process and all descendants, ended and reaped ones included."""
    children: dict[int, list[int]] = defaultdict(list)
    used: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            children[int(fields[1])].append(int(folder.name))
            used[int(folder.name)] = sum(int(ticks) for ticks in fields[11:15]) * TICK_S

    def below(pid: int) -> float:
        return used.get(pid, 0.0) + sum(below(child) for child in children[pid])

    return {name: below(pid) for name, pid in roots.items()}


def rss_mb(pid: int) -> float:
    """Resident memory of one process in MB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
