"""Addresses of materials: lots, recalls, material at the station, labels and travellers."""

from django.urls import path

from mes.screens import labels, materials, materials_edit, materials_recall, materials_station

urlpatterns = [
    path("materials/", materials.materials, name="materials"),
    path("materials/-/receive/", materials.receive, name="lot-receive"),
    path("materials/lots/<str:number>/", materials.lot, name="lot"),
    path("materials/lots/<str:number>/label/", labels.lot_label, name="lot-label"),
    path("materials/lots/<str:number>/sscc/", labels.lot_sscc, name="lot-sscc"),
    path("materials/lots/<str:number>/<str:verb>/", materials_edit.lot_edit, name="lot-edit"),
    path("materials/recall/<str:number>/", materials_recall.recall, name="recall"),
    path("materials/recall/<str:number>/hold/", materials_recall.recall_act, {"verb": "hold"}, name="recall-hold"),
    path(
        "materials/recall/<str:number>/release/",
        materials_recall.recall_act,
        {"verb": "release"},
        name="recall-release",
    ),
    path("station/<str:code>/material/", materials_station.material, name="station-material"),
    path("station/<str:code>/material/undo/", materials_station.material_undo, name="station-material-undo"),
    path("station/<str:code>/material/made/", materials_station.material_made, name="station-material-made"),
    path("orders/<str:number>/traveller/", labels.traveller, name="order-traveller"),
]
