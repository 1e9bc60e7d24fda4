"""What can go wrong between Millwright and an ERP; the kind decides whether a message is tried again."""


class ErpError(Exception):
    """Base of all. `said` is the ERP's own text, shown to the planner as it came, never with a secret in it."""

    def __init__(self, message: str, *, said: str = "") -> None:
        super().__init__(message)
        self.said = said


class TransientError(ErpError):
    """Network, 429, 5xx, a lock: try again later. `retry_after_s` is the ERP's wish, if it has one."""

    def __init__(self, message: str, *, said: str = "", retry_after_s: float | None = None) -> None:
        super().__init__(message, said=said)
        self.retry_after_s = retry_after_s


class AuthError(ErpError):
    """Name or password are refused: the connection stops until a person has mended it."""


class AddressError(AuthError):
    """The address may not be reached, or the server there is not who it says: mended by a person, like a login."""


class RejectedError(ErpError):
    """The ERP read the message and will not take it as it is. Trying again changes nothing."""


class WarningError(RejectedError):
    """The ERP asks back and would take it if a person said yes (`accept_warning`)."""


class ConflictError(ErpError):
    """The ERP's record was changed meanwhile, or stands in a state that does not fit: read anew, then a planner."""


class MappingMissing(ErpError):
    """Something of the ERP has no counterpart here, or the other way round. `kind` and `code` say what."""

    def __init__(self, message: str, *, kind: str, code: str) -> None:
        super().__init__(message)
        self.kind, self.code = kind, code
