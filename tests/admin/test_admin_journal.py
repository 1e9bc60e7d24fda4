"""Every change in the admin is in the journal and on the history page of the record, field by field."""

import re

from django.test import Client
from django.urls import reverse

from mes.journal.models import JournalEntry
from mes.people.keys import key_owner
from mes.people.models import ApiKey, Person
from mes.plant.models import BreakRule, Line, ShiftRule, Site
from mes.plc.models import Controller, TagBinding
from mes.production.models import IdealCycle


def _page(name: str, *args: object) -> str:
    return reverse(f"admin:{name}", args=args)


def _line_form(line: Line, **changed: object) -> dict[str, object]:
    form: dict[str, object] = {
        "code": line.code,
        "name": line.name,
        "area": line.area_id,
        "flow": line.flow,
        "orders_run_on": line.orders_run_on,
        "position": line.position,
        "isa95_level": line.isa95_level,
        "shift_pattern": "",
    }
    return {**form, **changed}


def test_a_change_is_told_with_before_and_after_and_shown_in_the_history(ada: Client) -> None:
    line = Line.objects.get(code="L1")
    answer = ada.post(_page("plant_line_change", line.pk), _line_form(line, name="First line", flow="parallel"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    entry = JournalEntry.objects.get(action="line_change")
    assert (entry.actor, entry.kind, entry.code) == ("ada", "line", "L1")
    assert entry.data == {
        "before": {"name": "L1", "flow": "serial"},
        "after": {"name": "First line", "flow": "parallel"},
    }
    page = ada.get(_page("plant_line_history", line.pk)).content.decode()
    assert "<del>serial</del>" in page
    assert "<ins>parallel</ins>" in page
    assert "plant_import" in page  # the file that made it is part of its history


def test_saving_without_a_change_tells_nothing(ada: Client) -> None:
    line = Line.objects.get(code="L1")
    assert ada.post(_page("plant_line_change", line.pk), _line_form(line)).status_code == 302
    assert not JournalEntry.objects.filter(action="line_change").exists()


def test_a_new_record_is_told_whole(erik: Client) -> None:
    site = Site.objects.get()
    form = {"code": "PLC-9", "name": "New", "site": site.pk, "kind": "pylogix", "address": "10.0.0.7"}
    form |= {"period_s": "0.5", "timeout_s": "1", "enabled": "on"}
    assert erik.post(_page("plc_controller_add"), form).status_code == 302
    entry = JournalEntry.objects.get(action="controller_create")
    assert (entry.actor, entry.code, entry.data["after"]["site"]) == ("erik", "PLC-9", "S")
    assert entry.data["after"]["period_s"] == "0.500"


def test_a_changed_part_is_a_change_of_the_whole(ada: Client) -> None:
    rule, pause = ShiftRule.objects.get(), BreakRule.objects.get()
    form = {"pattern": rule.pattern_id, "name": "Early", "days": ["0", "1"], "starts": "06:00", "ends": "14:00"}
    form |= {"breaks-TOTAL_FORMS": "1", "breaks-INITIAL_FORMS": "1", "breaks-0-id": pause.pk}
    form |= {"breaks-0-rule": rule.pk, "breaks-0-name": "Lunch", "breaks-0-starts": "10:00", "breaks-0-ends": "10:45"}
    form |= {"cycles-TOTAL_FORMS": "1", "cycles-INITIAL_FORMS": "0", "cycles-0-rule": rule.pk, "cycles-0-crew": "A"}
    form |= {"cycles-0-anchor": "2026-03-02", "cycles-0-cycle": "2-2-3"}
    assert ada.post(_page("plant_shiftrule_change", rule.pk), form).status_code == 302
    entry = JournalEntry.objects.get(action="shift_rule_change")
    assert entry.code == "P Early"
    assert entry.data["after"]["days"] == [0, 1]
    assert entry.data["before"]["break rules"][0]["ends"] == "10:30:00"
    assert entry.data["after"]["break rules"][0]["ends"] == "10:45:00"
    assert entry.data["after"]["cycle rules"][0]["cycle"] == "2-2-3"


def test_an_exception_names_one_place_and_shifts_that_exist(ada: Client) -> None:
    rule, line = ShiftRule.objects.get(), Line.objects.get(code="L1")
    form = {"date": "2027-01-05", "name": "Outing", "pattern": rule.pattern_id, "shifts": "Early", "line": line.pk}
    address = reverse("admin:plant_otherday_add")
    for wrong, sentence in (
        ({"site": line.area.site_id}, "exactly one place"),
        ({"line": ""}, "exactly one place"),
        ({"shifts": "Night"}, "no shift Night"),
    ):
        assert sentence in ada.post(address, {**form, **wrong}).content.decode()
    assert ada.post(address, form).status_code == 302
    entry = JournalEntry.objects.get(action="other_day_create")
    assert (entry.actor, entry.code) == ("ada", "L1 2027-01-05")


def _binding_form(binding: TagBinding, **changed: object) -> dict[str, object]:
    form: dict[str, object] = {
        "controller": binding.controller_id,
        "work_center": binding.work_center_id,
        "role": binding.role,
        "tag": binding.tag,
        "state_map": "",
        "modulus": "",
        "floor": "0",
        "factor": "1",
        "max_rate_per_s": "",
        "valid_to_0": "",
        "valid_to_1": "",
    }
    return {**form, **changed}


def test_a_changed_binding_holds_from_now_on_and_the_past_keeps_its_own(erik: Client) -> None:
    binding = TagBinding.objects.get(work_center__code="M-1", role="good")
    answer = erik.post(_page("plc_tagbinding_change", binding.pk), _binding_form(binding, tag="M_1.Parts"))
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    old, new = TagBinding.objects.filter(work_center__code="M-1", role="good").order_by("valid_from")
    assert (old.pk, old.tag, new.tag, new.valid_to) == (binding.pk, "M_1.Good", "M_1.Parts", None)
    assert old.valid_to == new.valid_from
    entry = JournalEntry.objects.get(kind="tag-binding")
    assert (entry.code, entry.data["before"]["tag"], entry.data["after"]["tag"]) == (
        "M-1.good",
        "M_1.Good",
        "M_1.Parts",
    )
    assert erik.post(_page("plc_tagbinding_change", old.pk), _binding_form(old, tag="X")).status_code == 403


def test_a_changed_ideal_cycle_keeps_the_past_too(erik: Client) -> None:
    cycle = IdealCycle.objects.get(item__code="I-2")
    form = {"item": cycle.item_id, "work_center": cycle.work_center_id, "ideal_cycle_s": "1.5"}
    assert erik.post(_page("production_idealcycle_change", cycle.pk), form).status_code == 302
    rows = IdealCycle.objects.filter(item__code="I-2").order_by("valid_from")
    assert [str(row.ideal_cycle_s) for row in rows] == ["2.000000", "1.500000"]
    assert rows[0].valid_to == rows[1].valid_from


def test_a_person_is_edited_without_a_sight_of_the_password(ada: Client) -> None:
    otto = Person.objects.get(username="otto")
    otto.set_password("a long enough password")
    otto.save()
    page = ada.get(_page("people_person_change", otto.pk)).content.decode()
    assert "argon2" not in page
    assert otto.password not in page
    form = {"username": "otto", "first_name": "Otto", "last_name": "", "email": "", "role": "planner"}
    form |= {"lines": [Line.objects.get(code="L2").pk], "is_active": "on"}
    assert ada.post(_page("people_person_change", otto.pk), form).status_code == 302
    otto.refresh_from_db()
    assert otto.check_password("a long enough password")
    entry = JournalEntry.objects.get(action="person_change")
    assert entry.data["before"]["role"] == "operator"
    assert entry.data["after"]["role"] == "planner"
    assert (entry.data["before"]["lines"], entry.data["after"]["lines"]) == (["L1"], ["L2"])


def test_a_new_password_is_told_without_the_password(ada: Client) -> None:
    otto = Person.objects.get(username="otto")
    form = {"usable_password": "true", "password1": "never-told-to-anyone", "password2": "never-told-to-anyone"}
    assert ada.post(_page("auth_user_password_change", otto.pk), form).status_code == 302
    otto.refresh_from_db()
    assert otto.check_password("never-told-to-anyone")
    entry = JournalEntry.objects.get(action="person_set_password")
    assert (entry.actor, entry.code, entry.data) == ("ada", "otto", {})


def test_a_new_person_can_be_added(ada: Client) -> None:
    form = {"username": "nina", "role": "quality", "usable_password": "true"}
    form |= {"password1": "correct-horse-battery", "password2": "correct-horse-battery"}
    assert ada.post(_page("people_person_add"), form).status_code == 302
    assert Person.objects.get(username="nina").role == "quality"
    assert "password" not in JournalEntry.objects.get(action="person_create").data["after"]


def test_an_api_key_is_shown_once_and_can_be_revoked(ada: Client) -> None:
    owner = Person.objects.get(username="erik")
    form = {"name": "scale", "owner": owner.pk, "scopes": ["read"], "expires_at_0": "", "expires_at_1": ""}
    answer = ada.post(_page("people_apikey_add"), form, follow=True)
    found = re.search(r"mw_[\w-]{43}", answer.content.decode())
    assert found
    key = ApiKey.objects.get(name="scale")
    assert key_owner(found[0], key.created_at) == key
    assert found[0] not in ada.get(_page("people_apikey_change", key.pk)).content.decode()
    assert key.key_hash not in ada.get(_page("people_apikey_change", key.pk)).content.decode()
    entry = JournalEntry.objects.get(action="api_key_create")
    assert key.key_hash not in str(entry.data)
    assert found[0] not in str(entry.data)
    chosen = {"action": "revoke", "_selected_action": [key.pk]}
    assert (
        "1 of 1 selected keys were revoked now."
        in ada.post(_page("people_apikey_changelist"), chosen, follow=True).content.decode()
    )
    assert key_owner(found[0], key.created_at) is None


def test_a_search_box_finds_records_for_a_reference(ada: Client) -> None:
    asked = {"app_label": "plc", "model_name": "tagbinding", "field_name": "work_center", "term": "M-2"}
    found = ada.get(_page("autocomplete"), asked).json()["results"]
    assert [each["text"] for each in found] == ["M-2 M-2"]


def test_a_controller_without_health_says_so(ada: Client) -> None:
    Controller.objects.create(code="IDLE", name="Idle", site=Site.objects.get(), address="10.0.0.8")
    assert "never polled" in ada.get(_page("plc_controller_changelist")).content.decode()
