"""Notices of calls against a mail server and an HTTP server on loopback: once each, signed, never redirected."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import pytest

from mes.andon.calls import call_acknowledge, call_raise, call_resolve
from mes.andon.hooks import HookError, hook_send, refused_address, secret_of, signature
from mes.andon.models import Call, CallCategory, EscalationRule, Notice, Webhook
from mes.andon.notices import calls_escalate
from mes.andon.sending import notices_send
from mes.people.models import Role
from tests.handover.smtp_sink import Sink, smtp_sink
from tests.production.small_plant import SIX, SmallPlant, small_plant

MIN = timedelta(minutes=1)


class Hooks(ThreadingHTTPServer):
    """Keeps what is posted; answers `status`."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Taker)
        self.posts: list[tuple[dict[str, str], bytes]] = []
        self.status = 200


class _Taker(BaseHTTPRequestHandler):
    server: Any

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((dict(self.headers), body))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        """Says nothing."""


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def sink(settings: Any) -> Iterator[Sink]:
    with smtp_sink() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.ORIGINS = ["https://mes.plant.example"]
        yield running


@pytest.fixture
def plant(db: None) -> SmallPlant:
    found = small_plant()
    for name, lines in (("eva", [found.line_1]), ("ivo", [found.line_2])):
        person = found.person(Role.SUPERVISOR, *lines, name=name)
        person.email = f"{name}@plant.example"
        person.save()
    return found


@pytest.fixture
def call(plant: SmallPlant) -> Call:
    fix = CallCategory.objects.create(code="FIX", name="Maintenance")
    return call_raise(work_center=plant.packer, category=fix, actor="otto", at=SIX, key=uuid4(), note="belt")[0]


def rule(code: str, after_s: int, **more: Any) -> EscalationRule:
    return EscalationRule.objects.create(code=code, after_s=after_s, **more)


def test_a_call_climbs_its_levels_and_each_target_hears_once(call: Call, sink: Sink) -> None:
    rule("A", 0, role=Role.SUPERVISOR)
    rule("B", 300, level=2, address="boss@plant.example")
    rule("C", 300, level=2, address="boss@plant.example")
    assert [calls_escalate(at=SIX) for _twice in range(2)] == [1, 0]
    assert [notices_send(at=SIX) for _twice in range(2)] == [1, 0]
    # ivo is a supervisor too, but of another line: he hears nothing.
    assert [to for to, _mail in sink.mails] == ["eva@plant.example"]
    assert sink.mails[0][1]["Subject"] == "Call: Maintenance at Packer, level 1"
    calls_escalate(at=SIX + 5 * MIN)
    calls_escalate(at=SIX + 6 * MIN)
    assert notices_send(at=SIX + 5 * MIN) == 1
    call.refresh_from_db()
    assert (call.level, [to for to, _mail in sink.mails][1:]) == (2, ["boss@plant.example"])
    assert f"https://mes.plant.example/andon/{call.pk}/" in sink.mails[1][1].get_payload()


def test_nobody_is_told_any_more_once_somebody_comes_or_it_is_resolved(call: Call, sink: Sink) -> None:
    rule("A", 0, address="a@plant.example")
    rule("B", 60, level=2, address="b@plant.example")
    calls_escalate(at=SIX)
    call_acknowledge(call=call, actor="mo", at=SIX)
    assert calls_escalate(at=SIX + 2 * MIN) == 0
    call_resolve(call=call, actor="mo", at=SIX + 3 * MIN, what="done")
    assert notices_send(at=SIX + 4 * MIN) == 0
    assert (sink.mails, Notice.objects.get().state) == ([], "dropped")


def test_without_a_mail_server_the_notice_says_to_whom_it_would_go(call: Call, settings: Any) -> None:
    settings.EMAIL_HOST = ""
    rule("A", 0, role=Role.SUPERVISOR)
    calls_escalate(at=SIX)
    assert notices_send(at=SIX) == 0
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts) == ("waiting", 0)
    assert notice.error == "No mail server is set (MES_SMTP_URL): would go to eva@plant.example."


def test_a_rule_that_reaches_nobody_is_seen(call: Call) -> None:
    rule("A", 0, role=Role.MAINTENANCE)
    assert [calls_escalate(at=SIX + n * MIN) for n in range(2)] == [0, 0]
    notice = Notice.objects.get()
    assert (notice.state, "reaches nobody" in notice.error) == ("dead", True)


def test_a_webhook_is_signed_over_time_and_body_and_can_be_verified(call: Call, hooks: Hooks) -> None:
    hook = Webhook.objects.create(code="chat", url=f"http://127.0.0.1:{hooks.server_port}/in?x=1")
    rule("A", 0, webhook=hook)
    calls_escalate(at=SIX)
    assert [notices_send(at=SIX) for _twice in range(2)] == [1, 0]
    ((headers, body),) = hooks.posts
    stamp = headers["X-Millwright-Timestamp"]
    assert int(stamp) == SIX.timestamp()
    known = hmac.new(secret_of(hook).encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    assert headers["X-Millwright-Signature"] == f"sha256={known}"
    told = json.loads(body)
    assert (told["category"], told["work_center"], told["level"], told["note"]) == ("FIX", "PACK", 1, "belt")
    assert secret_of(hook) not in str(headers) + body.decode()


def test_the_signature_is_that_of_rfc_4231() -> None:
    # test case 2 of RFC 4231: key "Jefe", data "what do ya want for nothing?"; our data is timestamp, dot, body
    known = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert hmac.new(b"Jefe", b"what do ya want for nothing?", hashlib.sha256).hexdigest() == known
    assert signature("Jefe", "1", b"a") == hmac.new(b"Jefe", b"1.a", hashlib.sha256).hexdigest()


def test_a_redirect_is_not_followed_and_after_eight_attempts_it_is_given_up(call: Call, hooks: Hooks) -> None:
    hooks.status = 302
    hook = Webhook.objects.create(code="chat", url=f"http://127.0.0.1:{hooks.server_port}/in")
    rule("A", 0, webhook=hook)
    calls_escalate(at=SIX)
    for hour in range(10):
        assert notices_send(at=SIX + timedelta(hours=hour)) == 0
    notice = Notice.objects.get()
    assert (notice.state, notice.attempts, len(hooks.posts)) == ("dead", 8, 8)
    assert notice.error.startswith("Given up after 8 attempts. Webhook chat answered 302")


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "::1", "169.254.169.254", "fe80::1", "fd00:ec2::254", "::ffff:127.0.0.1", "0.0.0.0", "224.0.0.1"],
)
def test_this_server_link_local_and_metadata_addresses_are_refused(address: str) -> None:
    assert refused_address(address, loopback=False)


def test_the_plants_own_network_is_allowed_and_loopback_only_outside_production(
    db: None, hooks: Hooks, settings: Any
) -> None:
    assert not refused_address("10.1.2.3", loopback=False)
    assert not refused_address("127.0.0.1", loopback=True)
    assert refused_address("169.254.169.254", loopback=True)
    settings.PRODUCTION = True
    for host in ("127.0.0.1", "localhost"):  # by name too: what counts is what the name resolves to
        hook = Webhook(code="me", url=f"http://{host}:{hooks.server_port}/")
        with pytest.raises(HookError, match="this server itself"):
            hook_send(hook, {}, event="x", at=SIX)
    for url in ("file:///etc/passwd", "http://[", "ftp://host/"):
        with pytest.raises(HookError, match="cannot be read"):
            hook_send(Webhook(code="me", url=url), {}, event="x", at=SIX)
    assert hooks.posts == []
