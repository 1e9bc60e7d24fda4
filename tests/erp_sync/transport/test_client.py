"""The door for HTTP to ERPs: limits, the pinned address, redirections, and what failures are called (E2-E4, S1)."""

import gzip
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from erp_sync.connector import Settings
from erp_sync.errors import AddressError, AuthError, TransientError
from erp_sync.transport.client import HttpDoor
from erp_sync.transport.limits import Limits
from tests.erp_sync.http_server import Server, cut, plain

SECRET = "word-of-the-erp"


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.shutdown()
    server.server_close()


def door(address: str, *, demo: bool = True, limits: Limits | None = None, **more: Any) -> HttpDoor:
    return HttpDoor(Settings("X", address, {}, {"password": SECRET}, demo=demo), limits=limits, **more)


def test_what_is_sent_and_what_comes_back(server: Server) -> None:
    server.answer = plain(200, gzip.compress(b'{"a": "0.10"}'), Content_Encoding="gzip", X_Own="1")
    with_path = door(server.address + "/base/")
    assert with_path.get("/x", {"q": "a b"}).json() == {"a": "0.10"}
    answer = with_path.post("/y", {"n": "ä"}, {"X-Mine": "2"})
    assert (answer.status, answer.headers.get("x-own")) == (200, "1")
    (_get, got, headers, _), (_post, posted, _, body) = server.asked
    assert (got, posted, body.decode()) == ("/base/x?q=a+b", "/base/y", '{"n": "ä"}')
    assert headers["Accept-Encoding"] == "gzip"
    assert headers["Host"] == server.address.removeprefix("http://")


def test_this_machine_is_refused_outside_of_the_demo_before_a_line_is_opened(server: Server) -> None:
    for address in (server.address, server.address.replace("127.0.0.1", "localhost")):
        with pytest.raises(AddressError):
            door(address, demo=False).get("/")
    assert server.asked == []


def test_a_name_that_changes_its_mind_does_not_move_the_line(server: Server) -> None:
    """DNS rebinding: the connection goes to the address that was checked; each new line is checked anew."""
    answers = [["127.0.0.1"], ["169.254.169.254"], ["169.254.169.254"]]
    port = server.server_address[1]
    rebound = door(f"http://erp.plant:{port}/", resolve=lambda host, port: answers.pop(0))
    assert rebound.get("/").status == 200
    assert server.asked[0][2]["Host"] == f"erp.plant:{port}"
    assert len(answers) == 2  # one look-up for one line
    assert rebound.get("/").status == 200  # the open line is used again, nobody is asked
    server.answer = cut
    with pytest.raises((AddressError, TransientError)):
        rebound.get("/")
    with pytest.raises(AddressError):
        rebound.get("/")


def test_the_next_address_of_a_name_is_tried_where_one_leads_nowhere(server: Server) -> None:
    port = server.server_address[1]  # nobody listens there at 127.0.0.2
    two = door(f"http://erp.plant:{port}/", resolve=lambda host, port: ["127.0.0.2", "127.0.0.1"])
    assert two.get("/").status == 200
    with pytest.raises(TransientError):
        door(f"http://erp.plant:{port}/", resolve=lambda host, port: ["127.0.0.2"]).get("/")


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/x", "//evil.example/x", "https://127.0.0.1/x", "", "http://127.0.0.1:1/x"]
)
def test_a_redirection_to_another_server_is_not_followed(server: Server, location: str) -> None:
    server.answer = plain(302, b"", Location=location)
    with pytest.raises(AddressError):
        door(server.address).get("/")
    assert len(server.asked) == 1


def test_a_redirection_on_the_same_server_is_followed_for_reading_and_ends(server: Server) -> None:
    server.answer = lambda handler: (
        plain(301, b"", Location="/base/b") if handler.path == "/base/a" else plain(200, b"1")
    )(handler)
    assert door(server.address + "/base").get("/a").json() == 1
    server.answer = plain(302, b"", Location="/base/a")
    with pytest.raises(AddressError):
        door(server.address + "/base").get("/a")
    server.answer = lambda handler: (
        plain(302, b"", Location="/other") if handler.path == "/base/a" else plain(200, b"2")
    )(handler)
    with pytest.raises(AddressError):
        door(server.address + "/base").get("/a")
    assert [asked[1] for asked in server.asked][-1] == "/base/a"
    assert door(server.address + "/base").post("/a", {}).status == 302


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_login_is_said_without_the_secret(server: Server, status: int) -> None:
    server.answer = plain(status, f"unknown: {SECRET}".encode())
    mine = door(server.address)
    with pytest.raises(AuthError) as refusal:
        mine.post("/login", {"password": SECRET}, {"Authorization": f"Bearer {SECRET}"})
    kept = mine.exchange()
    assert SECRET not in f"{refusal.value} {refusal.value.said} {kept.sent} {kept.received}"
    assert refusal.value.said.startswith("unknown")
    assert "POST /login" in kept.sent
    assert kept.received.startswith(str(status))
    assert mine.exchange().sent == ""


def test_no_log_quotes_a_login_however_much_is_logged(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer = plain(200, SECRET.encode(), Set_Cookie=f"session={SECRET}")
    door(server.address).post("/", {"password": SECRET}, {"Authorization": f"Bearer {SECRET}"})
    assert SECRET not in caplog.text


def test_a_session_learnt_after_it_came_is_hidden_and_other_threads_keep_their_own_record(server: Server) -> None:
    mine = door(server.address)
    server.answer = plain(200, b'["mes", "5e551011"]')
    mine.mask.learn(mine.post("/login", {}).json()[1])
    other = threading.Thread(target=lambda: mine.get("/other"))
    other.start()
    other.join()
    kept = mine.exchange()
    assert "5e551011" not in kept.received
    assert '["mes", "•••"]' in kept.received
    assert "/other" not in kept.sent


@pytest.mark.parametrize(
    ("status", "headers", "wait_s"),
    [
        (429, {"Retry_After": "17"}, 17),
        (503, {"Retry_After": "Wed, 21 Oct 2026 07:28:30 GMT", "Date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30),
        (503, {"Retry_After": "soon"}, None),
        (503, {"Retry_After": "9" * 400}, 86_400),
        (500, {}, None),
        (408, {}, None),
    ],
)
def test_a_busy_or_broken_server_is_tried_later_as_it_wishes(
    server: Server, status: int, headers: dict[str, str], wait_s: float | None
) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response_only(status)  # without a Date of its own
        for name, value in {**headers, "Content_Length": "0"}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()

    server.answer = answer
    with pytest.raises(TransientError) as busy:
        door(server.address).get("/")
    assert busy.value.retry_after_s == wait_s
    assert len(server.asked) == 1


def test_other_refusals_are_the_connectors_business(server: Server) -> None:
    server.answer = plain(422, b'{"why": "so"}')
    answer = door(server.address).post("/", {})
    assert (answer.status, answer.json()) == (422, {"why": "so"})


def test_reading_is_tried_twice_at_once_and_writing_never(server: Server) -> None:
    server.answer = cut
    mine = door(server.address)
    for call, times in ((lambda: mine.get("/"), 2), (lambda: mine.post("/", {}), 1)):
        server.asked.clear()
        with pytest.raises(TransientError):
            call()
        assert len(server.asked) == times


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_large_is_not_read_to_its_end(server: Server, packed: bool) -> None:
    """A bomb of 60 MB in 60 kB is stopped at the limit of 1 MB."""
    body = gzip.compress(b"0" * 60_000_000, 9) if packed else b"0" * 3_000_000
    assert packed is (len(body) < 100_000)
    server.answer = plain(200, body, **({"Content_Encoding": "gzip"} if packed else {}))
    with pytest.raises(TransientError, match="larger than 1 MB"):
        door(server.address, limits=Limits(body_bytes=1_000_000)).get("/")


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (
            gzip.compress(b'{"a": 1}', mtime=0)[:-4],
            {"Content_Encoding": "gzip"},
        ),  # all of it, but nothing vouches for it
        (b'{"a": 1}', {"Content_Encoding": "gzip"}),
        (b'{"a": 1}', {"Content_Encoding": "br"}),
        (b'{"a": ', {}),
        (b"\xff\xfe", {}),
        (b"[" * 200_000, {}),
    ],
)
def test_a_damaged_answer_is_tried_later(server: Server, body: bytes, headers: dict[str, str]) -> None:
    server.answer = plain(200, body, **headers)
    with pytest.raises(TransientError):
        door(server.address).get("/").json()


def test_an_answer_shorter_than_announced_is_tried_later(server: Server) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "100")
        handler.end_headers()
        handler.wfile.write(b'{"a": 1}')
        handler.close_connection = True

    server.answer = answer
    with pytest.raises(TransientError):
        door(server.address).get("/")


def test_a_server_that_drips_bytes_is_left_when_the_time_for_all_is_over(server: Server) -> None:
    """E4: each byte comes in time, the whole does not."""
    over = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        for _byte in range(1000):
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: "[_byte : _byte + 1] or b"x")
            handler.wfile.flush()
            if over.wait(0.02):
                return

    server.answer = answer
    with pytest.raises(TransientError, match="in time"):
        door(server.address, limits=Limits(total_s=0.3)).get("/")
    over.set()


def test_a_server_that_falls_silent_is_left_when_the_time_for_all_is_over(server: Server) -> None:
    over = threading.Event()

    def answer(handler: BaseHTTPRequestHandler) -> None:
        over.wait(5)
        plain(200, b"{}")(handler)

    server.answer = answer
    with pytest.raises(TransientError, match="in time"):
        door(server.address, limits=Limits(read_s=20, total_s=0.2)).post("/", {})
    over.set()


def test_a_header_that_cannot_be_sent_is_no_word_of_the_error(server: Server) -> None:
    with pytest.raises(TransientError) as problem:
        door(server.address).post("/", {}, {"Authorization": f"Bearer {SECRET}\r\nX: y"})
    assert SECRET not in str(problem.value)
    assert server.asked == []


def test_a_path_cannot_leave_its_line(server: Server) -> None:
    door(server.address).get("/a b\r\nX: y\x00ä")
    assert server.asked[0][1] == "/a%20b%0D%0AX:%20y%00%C3%A4"
