"""Which folders a connection may use: only those below the roots that the server's own settings name."""

from collections.abc import Sequence
from pathlib import Path

from erp_sync.errors import AddressError


def folder_of(address: str, roots: Sequence[str]) -> Path:
    """The folder of a connection, links followed. A relative address is taken below the first root.

    AddressError where it lies below none of `roots` (`Settings.folders`): whoever may type an address must not be able
    to read the rest of the machine. It need not exist yet.
    """
    if not address or "\x00" in address:
        raise AddressError("The connection names no folder: enter one.")
    if not roots:
        raise AddressError("No folder is open to ERPs on this server: set MES_ERP_FOLDERS.")
    whole = (Path(roots[0]) / address).resolve()
    for root in roots:
        top = Path(root).resolve()
        if whole != top and whole.is_relative_to(top):
            return whole
    raise AddressError(f"The folder {address} lies outside of those open to ERPs: choose one below {roots[0]}.")
