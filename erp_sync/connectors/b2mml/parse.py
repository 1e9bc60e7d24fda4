"""XML from strangers, read piece by piece: no DTD, no entities, no network, and an end to size and depth. Pure."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from lxml import etree

from erp_sync.connectors.drop.folder import MAX_BYTES
from mes.production.typed import shown

MAX_DEPTH = 100
MAX_ELEMENTS = 400_000  # of a file: 20,000 orders of 20 elements
MAX_HELD = 100_000  # of one order, in memory at a time
_CHUNK = 65_536
_ENCODINGS = ("utf-8", "us-ascii", "ascii", "iso-8859-1", "iso-8859-15", "windows-1252")
_DECLARED = re.compile(rb"""<\?xml[^>]{0,100}encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_NUMBER = re.compile(r"\+?[0-9]{1,15}(?:\.[0-9]{1,12})?")


class XmlRefused(ValueError):
    """The file is not read; the text says where, what, and how to mend it."""


def elements(data: bytes, parts: Sequence[str]) -> Iterator[tuple[str, etree._Element]]:
    """("start" or "end", element) in the order of the file. Raises XmlRefused at the first thing that is not allowed.

    The elements named by `parts` are forgotten once they were given, so memory does not grow with the file.
    """
    _plausible(data)
    parser = etree.XMLPullParser(
        ("start", "end"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    depth = count = held = 0
    try:
        for at in range(0, len(data), _CHUNK):
            parser.feed(data[at : at + _CHUNK])
            for event, element in parser.read_events():
                if not isinstance(element, etree._Element):
                    continue  # only these two events were asked for
                depth += 1 if event == "start" else -1
                count, held = (count + 1, held + 1) if event == "start" else (count, held)
                if depth > MAX_DEPTH or count > MAX_ELEMENTS or held > MAX_HELD:
                    raise XmlRefused(_too_much(element.sourceline, deep=depth > MAX_DEPTH))
                yield event, element
                if event == "end" and local(element) in parts:
                    _forget(element)
                    held = 0
        parser.close()
    except etree.XMLSyntaxError as error:
        if "depth" in str(error.msg):  # the parser saw it first: what it was given at a time ended deeper
            raise XmlRefused(_too_much(error.lineno, deep=True)) from None
        raise XmlRefused(f"line {error.lineno or 1}: this is no well-formed XML ({error.msg}): send it anew.") from None


def local(element: etree._Element) -> str:
    """The name without its namespace."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def child(element: etree._Element, *names: str) -> etree._Element | None:
    """The first child with one of these names, in the order of the names."""
    for name in names:
        for one in element:
            if local(one) == name:
                return one
    return None


def text(element: etree._Element | None, *path: str) -> str:
    """The text at the end of a path of names; "" where there is none."""
    for name in path:
        element = None if element is None else child(element, name)
    return "" if element is None else (element.text or "").strip()


def number(said: str) -> Decimal:
    """A quantity as XML Schema writes decimals. ValueError with a remedy for anything else, also below zero."""
    if not _NUMBER.fullmatch(said):
        raise ValueError(f"'{shown(said)}' is not a quantity: write digits with a decimal point, e.g. 1200 or 12.5.")
    return Decimal(said)


def _plausible(data: bytes) -> None:
    """What is refused before any parser sees it."""
    if data.startswith(b"PK\x03\x04"):
        raise XmlRefused("line 1: this is a packed file, not XML: send the message itself.")
    if len(data) > MAX_BYTES:
        raise XmlRefused(f"line 1: the file has more than {MAX_BYTES} bytes: send it in several messages.")
    if b"\0" in data or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise XmlRefused("line 1: the file has NUL bytes or is UTF-16: send it as UTF-8.")
    declared = _DECLARED.match(data.removeprefix(b"\xef\xbb\xbf").lstrip())
    if declared and declared[1].decode().casefold() not in _ENCODINGS:
        raise XmlRefused(f"line 1: the encoding {declared[1].decode()} is not read: send it as UTF-8.")
    for word in (b"<!DOCTYPE", b"<!ENTITY"):
        if word in data:
            line = data[: data.index(word)].count(b"\n") + 1
            raise XmlRefused(f"line {line}: a DOCTYPE is not allowed: send the message without it.")


def _forget(element: etree._Element) -> None:
    """Gives the memory of an element back, and of those before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _too_much(line: object, *, deep: bool) -> str:
    what = f"elements lie deeper than {MAX_DEPTH}" if deep else "there are too many elements"
    return f"line {line}: {what}: send a plain schedule, in several messages if need be."
