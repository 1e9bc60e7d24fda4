"""The admin in Chromium: axe finds nothing, nor does the content security policy."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from mes.people.models import ApiKey, Person
from mes.plant.models import Line, ShiftRule
from mes.plc.models import TagBinding

AXE = (Path(__file__).parents[1] / "vendor" / "axe.min.js").read_text()


def _addresses() -> list[str]:
    line, rule, ada = Line.objects.get(code="L1"), ShiftRule.objects.get(), Person.objects.get(username="ada")
    binding, key = TagBinding.objects.first(), ApiKey.objects.first()
    assert binding is not None
    assert key is not None
    return [
        reverse(f"admin:{name}", args=args)
        for name, args in [
            ("index", ()),
            ("app_list", ("plant",)),
            ("plant_line_changelist", ()),
            ("plant_line_change", (line.pk,)),
            ("plant_line_history", (line.pk,)),
            ("plant_line_delete", (line.pk,)),
            ("plant_shiftrule_change", (rule.pk,)),
            ("plc_tagbinding_changelist", ()),
            ("plc_tagbinding_change", (binding.pk,)),
            ("plc_tagbinding_add", ()),
            ("downtime_stop_changelist", ()),
            ("journal_journalentry_changelist", ()),
            ("people_person_changelist", ()),
            ("people_person_change", (ada.pk,)),
            ("people_person_add", ()),
            ("auth_user_password_change", (ada.pk,)),
            ("people_apikey_change", (key.pk,)),
        ]
    ]


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate("async () => (await axe.run()).violations")
    return [f"{page.url} {one['id']} ({one['impact']}) {one['nodes'][0]['html'][:160]}" for one in found]


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 360)])
def test_axe_and_the_content_security_policy_find_nothing(
    browser: Browser, live_server: LiveServer, ada: Client, scheme: str, width: int
) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme=scheme,  # type: ignore[arg-type]
        base_url=live_server.url,
    )
    page = context.new_page()
    reports: list[str] = []
    page.on("console", lambda message: reports.append(message.text) if "Security Policy" in message.text else None)
    page.goto("/admin/login/")
    found = _violations(page)
    cookie = {"name": "sessionid", "value": ada.cookies["sessionid"].value, "url": live_server.url}
    context.add_cookies([cookie])  # type: ignore[list-item]
    for address in _addresses():
        reports_before = len(reports)
        page.goto(address)
        assert reports[reports_before:] == [], address
        found += _violations(page)
        reports.clear()  # axe itself adds a style
    context.close()
    assert found == [], "\n".join(found)
