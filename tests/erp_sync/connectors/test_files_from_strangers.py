"""Files made to hurt, or by accident: each is refused within a second and 100 MB, with a place and a remedy."""

import json
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

_ROOT = Path(__file__).parents[3]
_LIMIT_S, _LIMIT_KB = 1.0, 100_000
_CHILD = """
import json, sys, time, zoneinfo
from pathlib import Path
from erp_sync.connectors.b2mml.read import read_schedule
from erp_sync.connectors.csvdrop.read import read_orders
utc, said = zoneinfo.ZoneInfo("UTC"), {}
def used():
    peak_kb = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    return time.process_time(), int(peak_kb)
for path in map(Path, sys.argv[1:]):
    data = path.read_bytes()
    before = used()[0]
    reading = (read_schedule if path.suffix == ".xml" else read_orders)(data, utc)
    words = reading.refused or " ".join(f"line {one.line}: {one.problem}" for one in reading.bad[:1])
    said[path.name] = [words, len(reading.requests), used()[0] - before, used()[1]]
print(json.dumps(said))
"""
_SCHEDULE = "<OperationsSchedule><OperationsRequest><ID>A</ID>{}</OperationsRequest></OperationsSchedule>"
_LAUGH = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
_HEADER = "order,item,quantity,unit\n"


def _spreadsheet() -> bytes:
    """The sheet of an XLSX file: 0.8 MB that unpack to 800 MB (the same packed 8 MB a hundred times)."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = (packer.compress(b"0" * 8_000_000) + packer.flush(zlib.Z_FULL_FLUSH)) * 100
    name = b"xl/worksheets/sheet1.xml"
    return (
        struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0, 8, 0, 0, 0, len(packed), 800_000_000, len(name), 0)
        + name
        + packed
    )


# File name -> (its content, words of the refusal, good orders in it)
FILES: dict[str, tuple[bytes, tuple[str, ...], int]] = {
    "bomb.xml": (f"<!DOCTYPE a [<!ENTITY l0 'ha'>{_LAUGH}]>\n<a>&l9;</a>".encode(), ("line 1", "without it"), 0),
    "outside.xml": (
        b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        ("line 2", "DOCTYPE", "without it"),
        0,
    ),
    "doctype.xml": (b"\n\n<!DOCTYPE a>" + _SCHEDULE.encode(), ("line 3", "without it"), 0),
    "deep.xml": (b"<a>" * 200_000 + b"</a>" * 200_000, ("line 1", "deeper than 100", "plain schedule"), 0),
    "wide.xml": (b"<a>" + b"<b/>\n" * 900_000 + b"</a>", ("line ", "too many elements", "several messages"), 0),
    "utf16.xml": (_SCHEDULE.encode("utf-16"), ("line 1", "UTF-8"), 0),
    "utf7.xml": (b'<?xml version="1.0" encoding="UTF-7"?>\n+ADw-a/>', ("line 1", "UTF-8"), 0),
    "cut.xml": (_SCHEDULE.encode()[:-9], ("line 1", "send it anew"), 0),
    "comma.xml": (
        _SCHEDULE.format(
            "<MaterialProducedRequirement><MaterialDefinitionID>X</MaterialDefinitionID><Quantity><QuantityString>1_000"
            "</QuantityString><UnitOfMeasure>u</UnitOfMeasure></Quantity></MaterialProducedRequirement>"
        ).encode(),
        ("line 1", "1_000", "decimal point"),
        0,
    ),
    "long.csv": (b"x" * 10_000_001, ("line 1", "several files"), 0),
    "spreadsheet.csv": (_spreadsheet(), ("line 1", "CSV UTF-8"), 0),
    "nul.csv": ((_HEADER + "A,X,1,u\nB\0,X,1,u\n").encode(), ("line 3", "NUL", "CSV UTF-8"), 0),
    "utf16.csv": ((_HEADER + "A,X,1,u\n").encode("utf-16"), ("line 1", "UTF-16", "CSV UTF-8"), 0),
    "latin.csv": ((_HEADER + "A,Käse,1,u\n").encode("latin-1"), ("line 2", "CSV UTF-8"), 0),
    "commas.csv": (b"order;item;quantity;unit\nA;X;12,5;u\nB;X;1,234;u\n", ("line 3", "1234 or 1.2340"), 1),
    "underline.csv": ((_HEADER + "A,X,1_000,u\nB,X,7,u\n").encode(), ("line 2", "1_000", "digits only"), 1),
    "nan.csv": ((_HEADER + "A,X,7,u\nB,X,nan,u\n").encode(), ("line 3", "nan", "digits only"), 1),
    "quotes.csv": ((_HEADER + 'A,"X,7,u\n' + "B,X,7,u\n" * 10_000).encode(), ("line 2", "quotation marks"), 0),
    "columns.csv": (b"a,b,c\n1,2,3\n", ("line 1", "no column number, item, quantity, unit"), 0),
    "empty.csv": (b"", ("line 1", "empty"), 0),
}


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[float | str]]:
    """What a process of its own makes of each, and what it takes."""
    folder = tmp_path_factory.mktemp("strangers")
    for name, (content, _words, _good) in FILES.items():
        (folder / name).write_bytes(content)
    command = [sys.executable, "-c", _CHILD, *(str(folder / name) for name in FILES)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, list[float | str]] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("name", FILES)
def test_each_is_refused_within_a_second_and_100_mb_with_place_and_remedy(
    name: str, said: dict[str, list[float | str]]
) -> None:
    words, good, seconds, peak_kb = said[name]
    _content, wanted, good_wanted = FILES[name]
    assert all(word in str(words) for word in wanted), words
    assert good == good_wanted
    assert float(seconds) < _LIMIT_S
    assert float(peak_kb) < _LIMIT_KB
    assert "root:" not in str(words)
