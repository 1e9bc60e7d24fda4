"""No secret stands in any word that is stored or shown, in whichever spelling it travels."""

import base64
import json
from urllib.parse import quote

import pytest

from erp_sync.transport.masks import HIDDEN, Mask

SECRET = 'p/w "ä" & s=cret'


@pytest.mark.parametrize(
    "spelt",
    [
        SECRET,
        quote(SECRET, safe=""),
        quote(SECRET).replace("%20", "+").replace("/", "%2F"),
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        base64.b64encode(SECRET.encode()).decode(),
        base64.b64encode(f"mes:{SECRET}".encode()).decode(),
    ],
)
def test_a_secret_is_hidden_in_every_spelling(spelt: str) -> None:
    hidden = Mask({"user": "mes", "password": SECRET}).text(f"before {spelt} after")
    assert hidden == f"before {HIDDEN} after"


def test_a_short_secret_is_hidden_without_eating_other_words() -> None:
    assert Mask({"pin": "12"}).text("12 of 1200, (12)") == f"{HIDDEN} of 1200, ({HIDDEN})"


def test_what_is_learnt_later_is_hidden_too_and_a_users_name_is_not() -> None:
    mask = Mask({"user": "planner", "password": "word-of-his"})
    mask.learn("session-4711")
    assert mask.text("planner word-of-his session-4711") == f"planner {HIDDEN} {HIDDEN}"


def test_what_is_called_a_secret_is_hidden_although_nobody_said_so() -> None:
    mask = Mask({})
    body = '{"password": "a\\"b", "n": 1, "api_key": 77, "Access_Token":"x", "passwords": 3, "quantity": "5"}'
    assert json.loads(mask.text(body)) == {
        **{"password": HIDDEN, "n": 1, "api_key": HIDDEN, "Access_Token": HIDDEN},
        **{"passwords": 3, "quantity": "5"},
    }
    assert mask.text("/x?token=abc&n=1&my_secret=q") == f"/x?token={HIDDEN}&n=1&my_secret={HIDDEN}"
    assert mask.text("see https://user:word@erp/x") == f"see https://{HIDDEN}@erp/x"
    assert mask.text('{"password": "cut in the mid') == f'{{"password": "{HIDDEN}"'


def test_headers_that_carry_logins_are_hidden_whole() -> None:
    shown = Mask({}).headers([("Authorization", "Bearer x"), ("Set-Cookie", "a=b"), ("Date", "now")])
    assert shown == f"Authorization: {HIDDEN}\nSet-Cookie: {HIDDEN}\nDate: now"
