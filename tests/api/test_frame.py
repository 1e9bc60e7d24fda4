"""Keys, scopes, lines, pages, errors, the OpenAPI document and its page."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from mes.people.keys import api_key_create, api_key_revoke
from mes.people.models import ApiKey, Person, Role
from tests.api.conftest import Caller, caller
from tests.production.small_plant import SIX, SmallPlant

RESOURCES = [
    *("sites", "areas", "lines", "work-centers", "shifts", "reasons", "controllers"),
    *("items", "work-orders", "runs", "stops", "counts"),
]


def test_without_a_key_or_session_the_answer_is_401(plant: SmallPlant) -> None:
    answer = Client().get("/api/v1/lines/")
    assert answer.status_code == 401
    assert set(answer.json()) == {"code", "message", "fields"}
    assert answer.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("text", ["nonsense", "two parts", ""])
def test_a_key_that_does_not_hold_is_401(api: Caller, text: str) -> None:
    api.key = text
    assert api.get("lines/").status_code == 401


def test_an_expired_and_a_revoked_key_are_401(admin: Person) -> None:
    now = datetime.now(UTC)
    old = api_key_create(
        owner=admin, name="old", scopes=["read"], expires_at=now - timedelta(seconds=1), actor="test", at=SIX
    )
    assert Caller(old, Client()).get("lines/").status_code == 401
    revoked = caller(admin, "read")
    assert revoked.get("lines/").status_code == 200
    api_key_revoke(key=ApiKey.objects.get(name="admin-read-0"), actor="test", at=now)
    assert revoked.get("lines/").status_code == 401


def test_a_key_reads_or_writes_only_within_its_scopes(admin: Person, plant: SmallPlant) -> None:
    reader, writer = caller(admin, "read"), caller(admin, "orders")
    order = {"number": "WO-1", "item": "COLA-05", "line": "LINE-1", "quantity": "5"}
    refused = reader.post("work-orders/", order)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert "scope 'orders'" in refused.json()["message"]
    assert writer.get("work-orders/").status_code == 403
    assert writer.post("work-orders/", order).status_code == 201


def test_the_role_of_the_owner_bounds_the_key(plant: SmallPlant) -> None:
    weak = caller(plant.person(Role.OPERATOR, plant.line_1, name="op"), "read", "orders")
    order = {"number": "WO-1", "item": "COLA-05", "line": "LINE-1", "quantity": "5"}
    assert weak.post("work-orders/", order).status_code == 403
    assert weak.get("controllers/").status_code == 403
    assert weak.get("work-orders/").json()["results"] == []


def test_other_lines_do_not_exist_for_a_narrow_key(admin: Person, plant: SmallPlant) -> None:
    narrow = caller(admin, "read", "observations", lines=(plant.line_2,))
    assert [row["code"] for row in narrow.get("lines/").json()["results"]] == ["LINE-2"]
    assert [row["code"] for row in narrow.get("work-centers/").json()["results"]] == ["PRESS"]
    missing = [narrow.get("lines/LINE-1/"), narrow.get("work-centers/FILL/"), narrow.get("counts/", line="LINE-1")]
    assert [answer.status_code for answer in missing] == [404, 404, 404]
    body = {"work_center": "FILL", "observations": [{"at": "2026-03-02T06:00:00Z"}]}
    refused, unknown = narrow.post("observations/", body), narrow.post("observations/", body | {"work_center": "NO"})
    assert (refused.status_code, unknown.status_code) == (404, 404)
    assert refused.json()["message"].replace("FILL", "NO") == unknown.json()["message"]


def test_a_session_reads_but_writes_only_with_csrf(plant: SmallPlant) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(plant.person(Role.SUPERVISOR))
    assert client.get("/api/v1/lines/").status_code == 200
    order = {"number": "WO-1", "item": "COLA-05", "line": "LINE-1", "quantity": "5"}
    assert client.post("/api/v1/work-orders/", order, content_type="application/json").status_code == 403


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_list_answers_a_page_and_carries_the_policy(api: Caller, resource: str) -> None:
    answer = api.get(f"{resource}/")
    assert answer.status_code == 200, answer.content
    assert set(answer.json()) == {"next", "previous", "results"}
    assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


def test_pages_are_walked_by_cursor_without_gap_or_repeat(api: Caller, plant: SmallPlant) -> None:
    numbers = sorted(plant.order(f"WO-{n:03}").number for n in range(25))
    seen, page = [], api.get("work-orders/", page_size="10")
    while True:
        seen += [row["number"] for row in page.json()["results"]]
        if page.json()["next"] is None:
            break
        page = api.client.get(page.json()["next"], headers={"Authorization": f"Token {api.key}"})
    assert seen == numbers


def test_the_document_names_every_address_and_its_errors(api: Caller) -> None:
    answer = api.client.get(
        "/api/v1/schema/", headers={"Authorization": f"Token {api.key}", "Accept": "application/json"}
    )
    document = json.loads(answer.content)
    assert {f"/api/v1/{name}/" for name in (*RESOURCES, "kpi", "observations")} <= set(document["paths"])
    post = document["paths"]["/api/v1/observations/"]["post"]
    assert {"200", "400", "401", "403", "404", "413", "422"} <= set(post["responses"])
    assert document["openapi"].startswith("3.")


def test_the_document_is_for_whoever_is_signed_in_and_nobody_else(plant: SmallPlant, api: Caller) -> None:
    client = Client()
    refused = client.get("/api/v1/schema/")
    assert (refused.status_code, "paths" in refused.content.decode()) == (401, False)
    client.force_login(plant.person(Role.OPERATOR))
    assert client.get("/api/v1/schema/").status_code == 200


def test_the_page_of_the_document_needs_no_script_and_names_every_address(plant: SmallPlant) -> None:
    client = Client()
    assert client.get("/api/v1/docs/").status_code == 302
    client.force_login(plant.person(Role.ENGINEER))
    page = client.get("/api/v1/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert "/api/v1/observations/" in text
    assert "<script>" not in text
    assert " style=" not in text
    assert "Content-Security-Policy" in page.headers


def test_what_cannot_be_parsed_is_400_and_what_is_too_large_413(api: Caller) -> None:
    broken = api.post("observations/", '{"work_center": ')
    assert (broken.status_code, broken.json()["code"]) == (400, "parse_error")
    large = api.post("observations/", json.dumps({"work_center": "FILL", "x": "y" * 2_600_000}))
    assert (large.status_code, large.json()["code"]) == (413, "too_large")
    assert "2500000 bytes" in large.json()["message"]
