"""Loads the demo: plant, people with passwords, shifts, sixteen weeks of history, an API key; all or nothing."""

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from mes.demo.by_hand import counts_write
from mes.demo.calls import calls_write
from mes.demo.checks import checks_write
from mes.demo.costs import costs_write
from mes.demo.imported import imported_write
from mes.demo.lots import lots_write
from mes.demo.maintenance import maintenance_write
from mes.demo.story import DAYS, story_write
from mes.journal.write import record
from mes.people.identity import badge_set, pin_set
from mes.people.keys import api_key_create
from mes.people.models import ApiKey, Person
from mes.plant.models import Site
from mes.plant.tasks import lines_materialise
from mes.plantfile.document import Plant
from mes.plantfile.read import plant_read
from mes.plantfile.store import plant_import
from mes.plc.models import Controller
from mes.production.models import WorkOrder
from mes.witness.tasks import weigh_all

PLANT_FILE = Path(__file__).with_name("plant.yaml")
CONTROLLERS_FILE = Path(__file__).with_name("controllers.yaml")
ACTOR = "demo"
KEY_NAME = "demo"
# One more than the story has: hours of a shift from before it are rolled as unseen, and hide the imported ones.
DAYS_BACK = DAYS + 1
# The controllers in the order in which the file of the virtual ones lists them: each listens one port further.
CONTROLLERS = ("PLC-B1", "PLC-B2", "PLC-G1", "PLC-G2", "PLC-P1")


@dataclass(frozen=True)
class DemoUser:
    """A person of the demo who can log in, and say who they are at a station with badge or PIN."""

    name: str
    password: str
    role: str
    badge: str = ""
    pin: str = ""


@dataclass(frozen=True)
class Card:
    """What a person has at the stations: the number of the badge as a scanner sends it, and the PIN."""

    badge: str
    pin: str


@dataclass(frozen=True)
class DemoController:
    """A virtual controller and where it is."""

    code: str
    address: str


@dataclass(frozen=True)
class DemoInfo:
    """What somebody needs to use the demo."""

    users: tuple[DemoUser, ...]
    api_key: str
    controllers: tuple[DemoController, ...]
    controllers_file: str


def demo_load(*, port_base: int) -> dict[str, Any]:
    """Loads the demo now, with fresh passwords, and returns `DemoInfo` as a dict for the ready file.

    Said again it gives everybody a new password and makes a new key, and leaves the plant and its history as they are.
    """
    plant = _plant()
    passwords = {person.username: _password(person.username) for person in plant.people}
    cards = {person.username: _card(person.username) for person in plant.people}
    return asdict(plant_load(plant=plant, now=timezone.now(), passwords=passwords, port_base=port_base, cards=cards))


def _plant() -> Plant:
    return plant_read(PLANT_FILE.read_text(encoding="utf-8"))


def _password(username: str) -> str:
    """Long enough to resist guessing, short enough to type on a tablet."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join([username, *("".join(secrets.choice(letters) for _ in range(4)) for _ in range(3))])


def _card(username: str) -> Card:
    """A badge and a PIN of six digits in which none follows itself, so that none is refused as easy to guess."""
    digits = [secrets.choice("123456789")]
    while len(digits) < 6:
        digits.append(secrets.choice([digit for digit in "0123456789" if abs(int(digit) - int(digits[-1])) > 1]))
    return Card(f"{username.upper()}-{secrets.randbelow(9 * 10**7) + 10**7}", "".join(digits))


@transaction.atomic
def plant_load(
    *,
    plant: Plant,
    now: datetime,
    passwords: Mapping[str, str],
    port_base: int,
    cards: Mapping[str, Card] | None = None,
) -> DemoInfo:
    """Loads the demo as of `now`: `passwords` and `cards` by user name, the controllers at 127.0.0.1 from `port_base`.

    Who has no card logs in with the password only.
    """
    began = now - timedelta(days=DAYS_BACK)
    if not Site.objects.filter(code=plant.sites[0].code).exists():
        plant_import(plant=plant, source=PLANT_FILE.name, actor=ACTOR, at=began)
    lines_materialise(at=now, days_back=DAYS_BACK, actor=ACTOR)
    controllers = controllers_point_to(port_base=port_base)
    if not WorkOrder.objects.filter(source="demo").exists():
        maintenance_write(now=now)
        story_write(now=now)
        imported_write(now=now, actor=ACTOR)
        counts_write(now=now)
        checks_write(now=now, start=now - timedelta(days=DAYS))
        lots_write(now=now)
        calls_write(now=now)
        costs_write(now=now, actor=ACTOR)
        weigh_all(now=now, back=timedelta(days=DAYS))
    users = _users(passwords, cards or {}, now)
    api_key = _key(now)
    told = {"users": [user.name for user in users], "controllers": [asdict(one) for one in controllers]}
    record(actor=ACTOR, at=now, action="demo_load", kind="plant", code=plant.sites[0].code, data=told)
    return DemoInfo(users, api_key, controllers, str(CONTROLLERS_FILE))


def controllers_point_to(*, port_base: int) -> tuple[DemoController, ...]:
    """Gives the demo's controllers the addresses of the virtual ones, which listen from `port_base` on."""
    told = tuple(DemoController(code, f"127.0.0.1:{port_base + place}") for place, code in enumerate(CONTROLLERS))
    for controller in told:
        Controller.objects.filter(code=controller.code).exclude(address=controller.address).update(
            address=controller.address
        )
    return told


def _users(passwords: Mapping[str, str], cards: Mapping[str, Card], now: datetime) -> tuple[DemoUser, ...]:
    users = []
    for person in Person.objects.filter(username__in=passwords).order_by("pk"):
        person.set_password(passwords[person.username])
        person.save(update_fields=["password"])
        card = cards.get(person.username, Card("", ""))
        if card.badge:
            badge_set(person=person, badge=card.badge, actor=ACTOR, at=now)
            pin_set(person=person, pin=card.pin, actor=ACTOR, at=now)
        users.append(DemoUser(person.username, passwords[person.username], person.role, card.badge, card.pin))
    return tuple(users)


def _key(now: datetime) -> str:
    ApiKey.objects.filter(name=KEY_NAME).delete()
    owner = Person.objects.get(username="erik")
    return api_key_create(owner=owner, name=KEY_NAME, scopes=["read", "observations", "orders"], actor=ACTOR, at=now)
