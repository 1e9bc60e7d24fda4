"""Addresses of the station beside its buttons: who is there, terminals, the scan field, people on the order."""

from django.urls import path

from mes.screens import station_labour, station_people, station_scan

urlpatterns = [
    path("station/-/identify/", station_people.identify, name="station-identify"),
    path("station/-/leave/", station_people.leave, name="station-leave"),
    path("station/<str:code>/device/", station_people.devices, name="station-devices"),
    path("station/<str:code>/device/revoke/", station_people.revoke, name="station-device-revoke"),
    path("station/<str:code>/scan/", station_scan.scan, name="station-scan"),
    path("station/<str:code>/people/", station_labour.people, name="station-people"),
    path("station/<str:code>/people/on/", station_labour.on, name="station-sign-on"),
    path("station/<str:code>/people/off/", station_labour.off, name="station-sign-off"),
    path("station/<str:code>/people/crew/", station_labour.crew, name="station-crew"),
]
