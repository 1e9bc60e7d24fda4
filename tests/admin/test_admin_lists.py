"""Every admin list opens, can be searched, and asks the database the same few questions however long it is."""

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.db import connection
from django.db.models import ForeignKey
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from mes.journal.admin import CappedPaginator, ReadOnlyAdmin

# Queries of each list for an admin: session, person, rows, and what filters and counts need.
QUERIES = {
    "andon.call": 5,
    "andon.callcategory": 4,
    "andon.escalationrule": 5,
    "andon.notice": 4,
    "andon.webhook": 4,
    "guidance.checklist": 4,
    "guidance.checklistentry": 4,
    "guidance.instruction": 4,
    "quality.correctiveaction": 4,
    "signing.signature": 5,
    "analytics.plansnapshot": 5,
    "analytics.refit": 5,
    "analytics.outcome": 5,
    "analytics.historyimport": 5,
    "analytics.historyhour": 5,
    "analytics.forecast": 5,
    "analytics.forecastoverride": 5,
    "analytics.champion": 5,
    "analytics.readinessreport": 5,
    "analytics.phasestate": 5,
    "analytics.signoff": 5,
    "analytics.approver": 5,
    "analytics.signal": 5,
    "analytics.signalmark": 4,
    "downtime.reason": 5,
    "downtime.stop": 5,
    "downtime.stoprule": 5,
    "handover.actionitem": 5,
    "handover.handover": 5,
    "handover.reportmail": 4,
    "handover.subscriber": 5,
    "losses.costrate": 4,
    "losses.itemcost": 4,
    "losses.sitecurrency": 4,
    "hourly.hournote": 5,
    "hourly.hourplan": 5,
    "hourly.hourssigned": 5,
    "erp_sync.attempt": 5,
    "erp_sync.bompolicy": 4,
    "erp_sync.difference": 4,
    "erp_sync.erpconnection": 5,
    "erp_sync.erpimport": 5,
    "erp_sync.erplink": 5,
    "erp_sync.erplot": 6,
    "erp_sync.erpmapping": 5,
    "erp_sync.erprecord": 5,
    "erp_sync.outboxmessage": 4,
    "erp_sync.syncrun": 5,
    "journal.journalentry": 4,
    "labour.crew": 5,
    "labour.signon": 5,
    "leases.lease": 4,
    "oee.policyinforce": 6,
    "oee.policyversion": 5,
    "materials.consumption": 5,
    "materials.lot": 5,
    "materials.lotcorrection": 4,
    "materials.lothold": 4,
    "materials.lotrule": 4,
    "materials.ordercustomer": 4,
    "materials.shipment": 4,
    "materials.ssccrange": 4,
    "people.apikey": 5,
    "people.person": 5,
    "people.stationdevice": 5,
    "plant.area": 5,
    "plant.holiday": 5,
    "plant.line": 6,
    "plant.otherday": 4,
    "plant.override": 4,
    "plant.plannedmaintenance": 4,
    "plant.shift": 5,
    "plant.shiftpattern": 4,
    "plant.shiftrule": 5,
    "plant.site": 5,
    "plant.workcenter": 6,
    "plc.controller": 5,
    "plc.controllerhealth": 5,
    "plc.statemap": 4,
    "plc.tagbinding": 6,
    "plc.taghealth": 6,
    "production.changerequest": 4,
    "production.idealcycle": 6,
    "production.item": 5,
    "production.manualcount": 4,
    "production.operation": 4,
    "production.orderhold": 4,
    "production.ordermaterial": 4,
    "production.orderpart": 4,
    "production.pool": 5,
    "production.routingstep": 5,
    "production.run": 5,
    "production.stocklevel": 5,
    "production.target": 6,
    "production.tool": 4,
    "production.toolneed": 5,
    "production.workorder": 5,
    "quality.characteristic": 5,
    "quality.check": 5,
    "quality.controllimits": 4,
    "quality.hold": 5,
    "quality.nonconformance": 4,
    "tracking.countflag": 5,
    "tracking.counthour": 6,
    "tracking.machinecursor": 4,
    "tracking.signalcursor": 5,
    "tracking.scrapdecision": 5,
    "tracking.statecorrection": 5,
    "tracking.stateinterval": 5,
    "tracking.streamcursor": 4,
    "witness.counterstate": 6,
    "witness.scan": 5,
    "witness.tally": 5,
    "witness.witness": 5,
    "witness.witnesshour": 5,
}
OURS = {model._meta.label_lower: page for model, page in admin.site._registry.items()}


def _address(label: str) -> str:
    return reverse(f"admin:{label.replace('.', '_')}_changelist")


def _queries(client: Client, label: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert client.get(_address(label)).status_code == 200
    return len(asked)


def test_every_model_has_pages_and_a_stored_number_of_queries() -> None:
    assert set(OURS) == set(QUERIES)


@pytest.mark.parametrize("label", sorted(QUERIES))
def test_a_list_asks_the_stored_number_of_questions_however_long_it_is(
    ada: Client, more_events: Callable[[], None], label: str
) -> None:
    short = _queries(ada, label)
    more_events()
    assert (short, _queries(ada, label)) == (QUERIES[label], QUERIES[label])


def test_every_list_can_be_searched(ada: Client) -> None:
    for label, page in OURS.items():
        assert page.search_fields, label
        assert ada.get(_address(label), {"q": "M-1 'x"}).status_code == 200, label


@pytest.mark.parametrize("label", sorted(label for label in QUERIES if not isinstance(OURS[label], ReadOnlyAdmin)))
def test_every_reference_in_a_form_is_a_search_box(label: str) -> None:
    page = OURS[label]
    references = {
        field.name
        for field in [*page.model._meta.concrete_fields, *page.model._meta.many_to_many]
        if (isinstance(field, ForeignKey) or field.many_to_many) and field.related_model in admin.site._registry
    }
    assert references == set(page.get_autocomplete_fields(None))  # type: ignore[arg-type]


def test_a_filter_with_fixed_words_narrows_the_list_and_asks_for_nothing_else(ada: Client) -> None:
    shown = ada.get(_address("downtime.stop"), {"kind": "waiting"})
    assert shown.context["cl"].result_count == 0
    assert ada.get(_address("downtime.stop"), {"kind": "down"}).context["cl"].result_count == 3


def test_a_long_list_is_counted_no_further_than_ten_thousand() -> None:
    class Rows:
        def order_by(self) -> "Rows":
            return self

        def __getitem__(self, part: slice) -> "Rows":
            self.stop = part.stop
            return self

        def count(self) -> int:
            return min(5_000_000, self.stop)

    assert CappedPaginator(Rows(), 50).count == 10_000  # type: ignore[arg-type]
