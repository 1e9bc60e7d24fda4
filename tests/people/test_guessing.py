"""Guessing passwords is slowed down, for names that exist and for those that do not."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth import authenticate
from django.test import RequestFactory

from mes.people.guessing import ADDRESS_LIMIT, NAME_LIMIT, WINDOW, login_blocked, login_failed
from mes.people.models import LoginFailures, Person

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)
PASSWORD = "only-for-this-test"


def attempt(name: str, password: str, address: str = "10.0.0.1") -> object:
    return authenticate(RequestFactory().post("/login/", REMOTE_ADDR=address), username=name, password=password)


def test_ten_wrong_passwords_close_a_name_even_for_the_right_one() -> None:
    Person.objects.create_user("sue", password=PASSWORD)
    assert attempt("sue", PASSWORD) is not None
    for _ in range(NAME_LIMIT):
        assert attempt("SUE", "wrong") is None
    assert attempt("sue", PASSWORD) is None
    assert attempt("sue", PASSWORD, address="10.0.0.2") is None


def test_a_success_forgets_earlier_failures_of_the_name() -> None:
    Person.objects.create_user("sue", password=PASSWORD)
    for _ in range(NAME_LIMIT - 1):
        attempt("sue", "wrong")
    assert attempt("sue", PASSWORD) is not None
    assert not LoginFailures.objects.filter(key="name:sue").exists()


def test_the_brake_is_released_after_the_window() -> None:
    for _ in range(NAME_LIMIT):
        login_failed(username="eve", address="a", at=NOW)
    assert login_blocked(username="eve", address="b", at=NOW + WINDOW - timedelta(seconds=1))
    assert not login_blocked(username="eve", address="b", at=NOW + WINDOW)
    login_failed(username="eve", address="a", at=NOW + WINDOW)
    assert LoginFailures.objects.get(key="name:eve").failures == 1


def test_one_address_cannot_try_one_password_on_everybody() -> None:
    for number in range(ADDRESS_LIMIT):
        login_failed(username=f"person-{number}", address="10.0.0.9", at=NOW)
    assert login_blocked(username="somebody-else", address="10.0.0.9", at=NOW)
    assert not login_blocked(username="somebody-else", address="10.0.0.8", at=NOW)
