"""Text on A4 as a PDF: our own writer of a hundred lines, because lines of one standard font need no library.

All text goes out as hexadecimal strings, so nothing in it can end a string or begin an operator. What the font's
encoding does not have, and every control character, is written as U+XXXX: seen, not lost.
"""

from collections.abc import Iterable, Iterator

_WIDTH, _HEIGHT = 595, 842  # A4 in points
_MARGIN, _SIZE, _LEADING = 48, 9, 12
_COLUMNS = int((_WIDTH - 2 * _MARGIN) / (_SIZE * 0.6))  # Courier: every character is 0.6 of the size wide
_ROWS = (_HEIGHT - 2 * _MARGIN) // _LEADING - 2


def pdf_of(title: str, lines: Iterable[str]) -> bytes:
    """A PDF of these lines, long ones broken, with title and page number at the foot. The same lines, the same bytes.

    A line that begins with "# " is a heading.
    """
    broken = [piece for line in lines for piece in _broken(line)]
    pages = [broken[at : at + _ROWS] for at in range(0, len(broken), _ROWS)] or [[]]
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b""]
    fonts = ("Courier", "Courier-Bold")
    objects += [
        f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>".encode() for name in fonts
    ]
    kids = []
    for index, page in enumerate(pages, 1):
        content = _content(page, f"{title} - {index}/{len(pages)}")
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
        about = f"/Contents {len(objects)} 0 R /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {_WIDTH} {_HEIGHT}] {about} >>".encode())
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>".encode()
    return _file(objects)


def printable(text: str) -> str:
    """The text with everything that the font cannot show as U+XXXX."""
    return "".join(_shown(letter) for letter in text)


def _shown(letter: str) -> str:
    try:
        known = letter.encode("cp1252")
    except UnicodeEncodeError:
        return f"U+{ord(letter):04X}"
    return letter if letter.isprintable() and known else f"U+{ord(letter):04X}"


def _broken(line: str) -> Iterator[tuple[bool, str]]:
    heading = line.startswith("# ")
    text = printable(line[2:] if heading else line)
    if heading:
        yield False, ""
    while len(text) > _COLUMNS:
        cut = text.rfind(" ", _COLUMNS // 2, _COLUMNS)
        cut = cut if cut > 0 else _COLUMNS
        yield heading, text[:cut]
        text = "    " + text[cut:].lstrip()
    yield heading, text


def _content(rows: list[tuple[bool, str]], foot: str) -> bytes:
    said = [f"BT /F1 {_SIZE} Tf {_LEADING} TL {_MARGIN} {_HEIGHT - _MARGIN} Td"]
    for bold, text in rows:
        said.append(f"/F{2 if bold else 1} {_SIZE} Tf <{_hex(text)}> Tj T*")
    said.append(f"ET BT /F1 7 Tf {_MARGIN} {_MARGIN // 2} Td <{_hex(printable(foot)[:110])}> Tj ET")
    return "\n".join(said).encode("ascii")


def _hex(text: str) -> str:
    return text.encode("cp1252").hex()


def _file(objects: list[bytes]) -> bytes:
    out, places = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)
