"""Addresses of the ERP's part of the API."""

from django.urls import include, path
from rest_framework.routers import DefaultRouter

from erp_sync.api.lists import ErpConnections, ErpDifferences, ErpMessages
from erp_sync.api.requests import RequestsView, RequestView
from erp_sync.api.responses import AckView, ResponsesView

router = DefaultRouter()
router.include_root_view = False
router.register("connections", ErpConnections, basename="erp-connections")
router.register("messages", ErpMessages, basename="erp-messages")
router.register("differences", ErpDifferences, basename="erp-differences")

urlpatterns = [
    path("", include(router.urls)),
    path("operations-requests/", RequestsView.as_view(), name="erp-requests"),
    path("operations-requests/<str:system>/<path:key>/", RequestView.as_view(), name="erp-request"),
    path("operations-responses/", ResponsesView.as_view(), name="erp-responses"),
    path("operations-responses/<uuid:event_id>/ack/", AckView.as_view(), name="erp-ack"),
]
