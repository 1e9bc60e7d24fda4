"""Chromium for the browser tests: the one that is there, else installed by apt as root or by Playwright."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PLAYWRIGHT = ("chromium-*/chrome-linux*/chrome", "chromium_headless_shell-*/chrome-*linux*/*headless*shell")


class NoBrowser(Exception):
    """There is no Chromium and none could be installed; the text says what to do."""


def find_chromium(environ: Mapping[str, str] = os.environ) -> str | None:
    """Path of a Chromium: MES_CHROMIUM, the system's, or the newest that Playwright has downloaded."""
    named = environ.get("MES_CHROMIUM")
    if named:
        if shutil.which(named):
            return named
        raise NoBrowser(f"MES_CHROMIUM names {named}, which is no program here. Correct or unset it.")
    for name in _NAMES:
        if found := shutil.which(name, path=environ.get("PATH")):
            return found
    folder = Path(environ.get("PLAYWRIGHT_BROWSERS_PATH") or Path.home() / ".cache" / "ms-playwright")
    for pattern in _PLAYWRIGHT:
        if downloads := sorted(folder.glob(pattern)):
            return str(downloads[-1])
    return None


def ensure_chromium(say: Callable[[str], None]) -> str:
    """Path of a Chromium, installed first where there is none. NoBrowser with the tools' last words else."""
    if found := find_chromium():
        return found
    tried = []
    for how, commands in _ways():
        say(f"No Chromium found: installing one with {how} ...")
        for command in commands:
            done = subprocess.run(
                command,
                capture_output=True,
                text=True,
                check=False,
                stdin=subprocess.DEVNULL,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
        if found := find_chromium():
            return found
        words = (done.stderr or done.stdout).strip().splitlines()
        tried.append(f"{how} failed: {words[-1] if words else f'exit code {done.returncode}'}")
    raise NoBrowser(
        f"The browser tests need Chromium and there is none ({'; '.join(tried)}). "
        "Install the package `chromium` of your system, or name a Chromium or Chrome in MES_CHROMIUM."
    )


def _ways() -> list[tuple[str, list[list[str]]]]:
    ways: list[tuple[str, list[list[str]]]] = []
    if os.geteuid() == 0 and shutil.which("apt-get"):
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-dejavu-core"]
        ways.append(("apt-get", [["apt-get", "update", "-q"], install]))
    ways.append(("Playwright", [[sys.executable, "-m", "playwright", "install", "chromium"]]))
    return ways
