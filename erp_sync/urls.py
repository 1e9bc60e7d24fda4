"""Addresses of the planner's pages, all below /planning/."""

from django.urls import path

from erp_sync.screens import attention, board, connections, differences, log, orders

urlpatterns = [
    path("planning/", board.planning, name="planning"),
    path("planning/erp/", connections.connections, name="erp"),
    path("planning/erp/orders/", orders.orders, name="erp-orders"),
    path("planning/erp/attention/", attention.attention, name="erp-attention"),
    path("planning/erp/differences/", differences.differences, name="erp-differences"),
    path("planning/erp/log/", log.log, name="erp-log"),
    path("planning/erp/messages/<uuid:event_id>/", log.message, name="erp-message"),
    path("planning/erp/<str:code>/orders/<path:key>/", log.order_log, name="erp-order-log"),
]
