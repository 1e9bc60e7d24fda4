"""As whom PostgreSQL runs when we are root: it refuses root, and its folder may lie where only root may go."""

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from mes.config.processes.child import RunAs


class NoServerUser(Exception):
    """No other user can run the server here; the text says what to do."""


def server_user(folder: Path, look: tuple[str, ...]) -> RunAs | None:
    """None when we are not root; else the user (and, where needed, the capability) that can work in `folder`.

    `look` is a command that succeeds where that user can use the programs.

    The modes of parent folders are never changed. Where another user may not pass them (a clone or data directory
    below a 0700 folder), the server keeps the capability to read past permissions; where root itself has lost that
    one (a container), the capability to ignore them.
    """
    if os.geteuid() != 0:
        return None
    if not shutil.which("setpriv"):
        raise NoServerUser(
            "PostgreSQL does not run as root and `setpriv` is missing. Install util-linux, start Millwright as an "
            "ordinary user, or name a server in MES_DATABASE_URL."
        )
    uid, gid = _user_of(folder)
    for capability in (None, "dac_read_search", "dac_override"):
        user = RunAs(uid, gid, capability)
        if _can_work(user, folder, look):
            return user
    raise NoServerUser(
        f"PostgreSQL does not run as root, and user {uid} cannot enter {folder}. "
        "Choose another folder with --data, or start Millwright as an ordinary user."
    )


def _user_of(folder: Path) -> tuple[int, int]:
    owner = folder.stat()
    if owner.st_uid != 0:
        return owner.st_uid, owner.st_gid
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return found.pw_uid, found.pw_gid
    raise NoServerUser(
        "PostgreSQL does not run as root and this machine has neither a user 'postgres' nor 'nobody'. "
        "Start Millwright as an ordinary user."
    )


def _can_work(user: RunAs, folder: Path, look: tuple[str, ...]) -> bool:
    command = user.wrap(("sh", "-c", 'cd "$0" && "$@"', str(folder), *look), 9)
    return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0
