"""Texts of people in CSV files: a cell that a spreadsheet would run as a formula is made plain text."""

_RUNS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> str:
    """The text with an apostrophe in front where a spreadsheet could take it for a formula, else as it is."""
    text = str(value)
    return "'" + text if text.lstrip(" ").startswith(_RUNS) else text
