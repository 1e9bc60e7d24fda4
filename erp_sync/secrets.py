"""Names and passwords of ERPs: files of the server's own user outside the database, so they are in no backup of it."""

import json
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

from erp_sync.errors import AuthError

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}", re.ASCII)


def secrets_of(code: str) -> Mapping[str, str]:
    """The secrets of a connection by their names, empty where it has none. The environment goes before the file.

    MES_ERP_SECRET_<CODE> (capitals, other characters than letters and digits as `_`) is a JSON object of texts, or a
    single text, which is then the `password`. AuthError with a remedy where what is kept cannot be read.
    """
    given = os.environ.get(variable(code), "")
    return {**_read(code), **_parsed(given, variable(code))} if given else _read(code)


def secrets_keep(code: str, values: Mapping[str, str]) -> None:
    """Keeps some secrets of a connection; those that are not named stay, an empty text drops one. Safe to repeat.

    The file is whole at any time and readable by the server's user only. OSError where the folder cannot be written.
    """
    path = _path(code)
    path.parent.mkdir(parents=True, exist_ok=True)
    for folder in (path.parent, path.parent.parent):
        folder.chmod(0o700)
    kept = {name: value for name, value in {**_read(code), **values}.items() if value}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # made with mode 600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def secrets_missing(code: str, names: tuple[str, ...]) -> str:
    """A sentence where a connection has none of `names`, each of which would do; empty where it has one or needs none.

    AuthError with a remedy where what is kept cannot be read.
    """
    found = secrets_of(code)
    if not names or any(found.get(name) for name in names):
        return ""
    wanted = " or ".join(names)
    return f"The connection {code} has no {wanted}: enter it on the connection's page, or set {variable(code)}."


def variable(code: str) -> str:
    """The name of the environment variable that holds a connection's secrets."""
    return f"MES_ERP_SECRET_{re.sub(r'[^A-Z0-9]', '_', code.upper())}"


def _path(code: str) -> Path:
    if not _CODE.fullmatch(code):
        raise AuthError("The connection's code is no name of a file: use letters, digits, '-' and '_'.")
    return Path(settings.DATA_DIR) / "secrets" / "erp" / f"{code}.json"


def _read(code: str) -> dict[str, str]:
    path = _path(code)
    try:
        with path.open(encoding="utf-8") as file:
            open_to_others = os.fstat(file.fileno()).st_mode & 0o077
            text = file.read()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise AuthError(f"The secrets of {code} cannot be read from {path}: look at the file's owner.") from None
    if open_to_others:
        raise AuthError(f"Others on this machine may read {path}: change its password, then run chmod 600 on it.")
    return _parsed(text, str(path))


def _parsed(text: str, place: str) -> dict[str, str]:
    if not text.lstrip().startswith("{"):
        return {"password": text}
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise AuthError(f'{place} is not a JSON object of texts, like {{"password": "..."}}.') from None
    return found
