"""Addresses of the API, below /api/v1/."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from mes.api import checks, docs, floor, plant, production, witness
from mes.api.calls import Calls
from mes.api.costs import CostsView
from mes.api.explain import ExplainView
from mes.api.handovers import Handovers
from mes.api.kpi import KpiView
from mes.api.lots import Lots
from mes.api.observations import ObservationsView
from mes.api.stops import Stops
from mes.api.thread import OrderThreadView, ThreadView

router = DefaultRouter()
router.include_root_view = False
router.include_format_suffixes = False
router.register("sites", plant.Sites, basename="sites")
router.register("areas", plant.Areas, basename="areas")
router.register("lines", plant.Lines, basename="lines")
router.register("work-centers", plant.WorkCenters, basename="work-centers")
router.register("shifts", plant.Shifts, basename="shifts")
router.register("reasons", floor.Reasons, basename="reasons")
router.register("controllers", floor.Controllers, basename="controllers")
router.register("items", production.Items, basename="items")
router.register("work-orders", production.WorkOrders, basename="work-orders")
router.register("runs", production.Runs, basename="runs")
router.register("stops", Stops, basename="stops")
router.register("counts", floor.Counts, basename="counts")
router.register("pallet-scans", witness.Scans, basename="pallet-scans")
router.register("tallies", witness.Tallies, basename="tallies")
router.register("checks", checks.Checks, basename="checks")
router.register("balances", witness.Balances, basename="balances")
router.register("lots", Lots, basename="lots")
router.register("calls", Calls, basename="calls")
router.register("handovers", Handovers, basename="handovers")

urlpatterns = [
    path("", include(router.urls)),
    path("work-orders/<str:number>/thread/", OrderThreadView.as_view(), name="api-order-thread"),
    path("thread/<str:kind>/<path:code>/", ThreadView.as_view(), name="api-thread"),
    path("costs/", CostsView.as_view(), name="api-costs"),
    path("kpi/", KpiView.as_view(), name="api-kpi"),
    path("kpi/explain/", ExplainView.as_view(), name="api-explain"),
    path("observations/", ObservationsView.as_view(), name="api-observations"),
    path("schema/", docs.SchemaView.as_view(), name="api-schema"),
    path("docs/", docs.docs, name="api-docs"),
]
