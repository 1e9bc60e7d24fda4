"""Addresses of the planner's pages, all below /planning/."""

from django.urls import include, path

from erp_sync.screens import (
    attention,
    attention_acts,
    board,
    connections,
    differences,
    imports,
    log,
    materials,
    orders,
    setup,
    setup_acts,
    totals,
)

urlpatterns = [
    path("api/v1/erp/", include("erp_sync.api.urls")),
    path("planning/", board.planning, name="planning"),
    path("planning/erp/", connections.connections, name="erp"),
    path("planning/erp/orders/", orders.orders, name="erp-orders"),
    path("planning/erp/attention/", attention.attention, name="erp-attention"),
    path("planning/erp/attention/retry/", attention_acts.retry_all, name="erp-retry-all"),
    path("planning/erp/differences/", differences.differences, name="erp-differences"),
    path("planning/erp/totals/", totals.totals, name="erp-totals"),
    path("planning/erp/log/", log.log, name="erp-log"),
    path("planning/erp/messages/<uuid:event_id>/", log.message, name="erp-message"),
    path("planning/erp/messages/<uuid:event_id>/<str:verb>/", attention_acts.message_act, name="erp-message-act"),
    path("planning/erp/differences/<int:number>/<str:verb>/", attention_acts.difference_act, name="erp-difference-act"),
    path("planning/erp/imports/", imports.imports, name="erp-imports"),
    path("planning/erp/imports/<uuid:key>/", imports.import_page, name="erp-import"),
    path("planning/erp/imports/<uuid:key>/rows/", imports.import_rows, name="erp-import-rows"),
    path("planning/erp/imports/<uuid:key>/<str:verb>/", imports.import_act, name="erp-import-act"),
    path("planning/erp/new/", setup.new_connection, name="erp-new"),
    path("planning/erp/<str:code>/setup/", setup.setup, name="erp-setup"),
    path("planning/erp/<str:code>/setup/<str:verb>/", setup_acts.setup_act, name="erp-setup-act"),
    path("planning/erp/<str:code>/materials/<path:key>/", materials.material_act, name="erp-material-act"),
    path("planning/erp/<str:code>/cancelled/<path:key>/", attention_acts.cancelled_act, name="erp-cancelled-seen"),
    path("planning/erp/<str:code>/seen/<path:key>/", attention_acts.notice_act, name="erp-notice-seen"),
    path("planning/erp/<str:code>/orders/<path:key>/", log.order_log, name="erp-order-log"),
]
