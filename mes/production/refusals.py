"""What an order action answers when it cannot be done: one sentence for the person, and the field it is about."""


class OrderRefused(Exception):
    """Nothing was changed. The text says what, where and how to mend it; `field` names the form field, if any."""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.field = field
