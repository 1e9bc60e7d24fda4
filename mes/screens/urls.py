"""Addresses of the screens. Codes, not row numbers, stand in addresses that people share."""

from django.urls import path

from mes.screens import closing, controllers, floor, home, orders, orders_import, proposals, shift, station, stops, wall

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", home.LogIn.as_view(), name="login"),
    path("logout/", home.LogOut.as_view(), name="logout"),
    path("healthz", home.healthz, name="healthz"),
    path("csp", home.csp_report, name="csp"),
    path("floor/", floor.floor, name="floor"),
    path("floor/<str:code>/", floor.work_center, name="floor-work-center"),
    path("wall/<str:code>/", wall.wall, name="wall"),
    path("station/", station.stations, name="station"),
    path("station/<str:code>/", station.station, name="station-machine"),
    path("station/<str:code>/reason/", station.reason, name="station-reason"),
    path("station/<str:code>/orders/", station.choose_order, name="station-orders"),
    path("station/<str:code>/start/", station.start, name="station-start"),
    path("station/<str:code>/finish/", station.finish, name="station-finish"),
    path("station/<str:code>/complete/", station.complete, name="station-complete"),
    path("station/<str:code>/scrap/", station.scrap, name="station-scrap"),
    path("station/<str:code>/scrap/undo/", station.undo_scrap, name="station-scrap-undo"),
    path("downtime/", stops.stops, name="stops"),
    path("downtime/<str:ref>/", stops.stop_page, name="stop"),
    path("downtime/<str:ref>/reason/", stops.explain, name="stop-explain"),
    path("orders/", orders.orders, name="orders"),
    path("orders/-/new/", orders.new_order, name="order-new"),
    path("orders/-/import/", orders_import.import_orders, name="orders-import"),
    path("orders/<str:number>/", orders.order, name="order"),
    path("orders/<str:number>/complete/", orders.close_order, {"verb": "complete"}, name="order-complete"),
    path("orders/<str:number>/cancel/", orders.close_order, {"verb": "cancel"}, name="order-cancel"),
    path("shift/", shift.shifts, name="shifts"),
    path("shift/<str:line>/<str:day>/<path:name>/", shift.shift, name="shift"),
    path("shift-state/<str:line>/<str:day>/<path:name>/", closing.shift_state, name="shift-state"),
    path("controllers/", controllers.controllers, name="controllers"),
    path("controllers/<str:code>/", controllers.controller, name="controller"),
    path("controllers/<str:code>/tags/", controllers.tags, name="controller-tags"),
    path("controllers/<str:code>/proposals/", proposals.proposals, name="controller-proposals"),
]
