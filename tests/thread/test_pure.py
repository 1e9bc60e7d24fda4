"""Marks of pages, canonical text, the proof of a chain, and the PDF writer: without a database."""

import hashlib
import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mes.thread.canonical import canonical
from mes.thread.marks import mark_from, mark_text, page_of
from mes.thread.node import Event
from mes.thread.pdf import pdf_of, printable
from mes.thread.proof import chain_problems, judge

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)


def events(*rows: tuple[int, str, int]) -> list[Event]:
    return [Event(SIX + timedelta(minutes=minute), kind, "", row=row) for minute, kind, row in rows]


def test_pages_give_every_event_once_also_those_of_one_instant() -> None:
    told = events((5, "stop", 1), (0, "state", 2), (5, "edit", 3), (5, "stop", 2), (9, "check", 1))
    seen, mark = [], None
    for _ in range(5):
        page, following = page_of(told, mark, 2)
        seen += [event.key[1:] for event in page]
        if not following:
            break
        mark = mark_from(following)
    assert seen == [("state", 2), ("edit", 3), ("stop", 1), ("stop", 2), ("check", 1)]


def test_a_mark_survives_its_address_and_a_broken_one_begins_at_the_start() -> None:
    key = (SIX + timedelta(microseconds=7), "machine-hour", 12)
    assert mark_from(mark_text(key)) == key
    for broken in (
        "",
        "x",
        "2026-03-02",
        "2026-03-02T06:00:00.000000Z_stop_x",
        "\0",
        "2026-03-02T06:00:00.000000Z_s_-1",
    ):
        assert mark_from(broken) is None


def test_canonical_text_is_the_one_of_rfc_8785_for_texts_and_whole_numbers() -> None:
    assert canonical({"b": [1, None, True], "a": {"z": "x", "y": 2}}) == b'{"a":{"y":2,"z":"x"},"b":[1,null,true]}'


def entry(seq: int, before: str, code: str = "WO-1") -> dict[str, object]:
    """An entry sealed by hand: the hash is reckoned here with hashlib alone."""
    made = {
        "seq": seq, "previous_hash": before, "id": seq * 10, "at": "2026-03-02T06:00:00+00:00",
        "written_at": "2026-03-02T06:00:01+00:00", "actor": "otto", "action": "order_start", "kind": "work-order",
        "code": code, "data": {"why": None},
    }  # fmt: skip
    text = (
        f'[{seq},"{before}",{seq * 10},"2026-03-02T06:00:00+00:00","2026-03-02T06:00:01+00:00","otto","order_start",'
        f'"work-order","{code}",{{"why":null}}]'
    )
    return made | {"hash": hashlib.sha256(text.encode()).hexdigest()}


def chained() -> tuple[list[dict[str, object]], list[list[object]]]:
    first = entry(7, "a" * 64)
    middle = entry(8, str(first["hash"]), "WO-2")
    last = entry(9, str(middle["hash"]))
    return [first, last], [[one["seq"], one["hash"]] for one in (first, middle, last)]


def test_a_chain_holds_although_entries_of_others_show_only_their_hash() -> None:
    assert chain_problems(*chained()) == []


def test_a_changed_a_missing_and_an_exchanged_entry_are_found() -> None:
    shown, chain = chained()
    assert "Entry 7 was changed" in chain_problems([shown[0] | {"actor": "eve"}, shown[1]], chain)[0]
    assert "entries 8 to 8 are missing" in chain_problems(shown, [chain[0], chain[2]])[0]
    other = [chain[0], [8, "b" * 64], chain[2]]
    assert "Entry 9 does not follow" in chain_problems(shown, other)[0]


def test_a_signature_holds_for_exactly_these_bytes_and_this_key() -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    shown, chain = chained()
    data = canonical({"journal": {"entries": shown, "chain": chain, "unsealed": 0}, "thread": {"missing": []}})
    signed = b64encode(key.sign(data))
    assert judge(data, signed, key.public_key()).problems == []
    for wrong in (judge(data + b" ", signed, key.public_key()), judge(data, signed, other.public_key())):
        assert "does not fit" in wrong.problems[0]
    assert "does not fit" in judge(data, b"no base64!", key.public_key()).problems[0]


def test_a_signed_pack_with_a_forged_entry_still_fails() -> None:
    key, (shown, chain) = Ed25519PrivateKey.generate(), chained()
    forged = [shown[0] | {"actor": "eve"}, shown[1]]
    data = canonical({"journal": {"entries": forged, "chain": chain}})
    assert "Entry 7 was changed" in judge(data, b64encode(key.sign(data)), key.public_key()).problems[0]


def test_the_pdf_shows_odd_characters_and_none_of_them_can_become_an_operator() -> None:
    evil = ") Tj ET /JS (app.alert(1)) >> endobj \0 \x1b[31m \u202e \u6f22 é"
    assert printable("a\0b\u6f22é€") == "aU+0000bU+6F22é€"
    made = pdf_of("Order", ["# Heading", evil, "x" * 500])
    assert made.startswith(b"%PDF-1.4")
    assert b"/JS" not in made
    texts = b"".join(bytes.fromhex(text.decode()) for text in re.findall(rb"<([0-9a-f]+)> Tj", made)).decode("cp1252")
    assert "/JS (app.alert(1))" in texts
    assert "U+0000 U+001B[31m U+202E U+6F22 é" in texts
    assert texts.count("x") == 500


def test_the_pdf_has_the_structure_that_readers_look_for() -> None:
    made = pdf_of("Order", [f"line {number}" for number in range(130)])
    count = len(re.findall(rb"/Type /Page ", made))
    assert (count, b"/Count %d " % count in made) == (3, True)  # 842 - 96 points of height, 12 each, less 2: 60 a page
    start = int(re.search(rb"startxref\n(\d+)", made)[1])  # type: ignore[index]
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", made[start:])]
    assert all(made[place:].startswith(b"%d 0 obj" % number) for number, place in enumerate(places, 1))
    assert pdf_of("Order", ["a"]) == pdf_of("Order", ["a"])
