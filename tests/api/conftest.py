"""The small plant, people and keys, and a client that speaks JSON."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from mes.people.keys import api_key_create
from mes.people.models import Person, Role
from mes.plant.models import Line
from tests.production.small_plant import SIX, SmallPlant, small_plant


@dataclass
class Caller:
    """A client with an API key."""

    key: str
    client: Client

    def get(self, path: str, **query: str) -> Any:
        """GET below /api/v1/."""
        return self.client.get(f"/api/v1/{path}", query, headers={"Authorization": f"Token {self.key}"})

    def post(self, path: str, body: Any, **headers: str) -> Any:
        """POST JSON below /api/v1/."""
        sent = {"Authorization": f"Token {self.key}"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return self.client.post(f"/api/v1/{path}", body, content_type="application/json", headers=sent)


@pytest.fixture
def plant(db: None) -> SmallPlant:
    """Fresh for each test."""
    return small_plant()


@pytest.fixture
def admin(plant: SmallPlant) -> Person:
    """Owner of the keys."""
    return plant.person(Role.ADMIN, name="admin")


def caller(owner: Person, *scopes: str, lines: tuple[Line, ...] = ()) -> Caller:
    """A caller with a new key."""
    name = f"{owner.username}-{'-'.join(scopes)}-{len(lines)}"
    key = api_key_create(
        owner=owner, name=name, scopes=scopes, lines=lines, expires_at=None, actor="test", at=SIX + timedelta(0)
    )
    return Caller(key, Client())


@pytest.fixture
def api(admin: Person) -> Caller:
    """May do everything everywhere."""
    return caller(admin, "read", "observations", "orders")
