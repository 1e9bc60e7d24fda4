"""Addresses of analytics: pages below /improve/, and its part of the API."""

from django.urls import path

from analytics import import_screens, phase_screens, screens
from analytics.api import ReadinessView

urlpatterns = [
    path("improve/readiness/", screens.readiness, name="readiness"),
    path("improve/readiness/<str:code>/", screens.line_readiness, name="line-readiness"),
    path("improve/readiness/<str:code>/now/", screens.measure, name="readiness-measure"),
    path("improve/readiness/<str:code>/import/", import_screens.history, name="readiness-import"),
    path("improve/phases/", phase_screens.phases, name="phases"),
    path("improve/phases/<str:code>/", phase_screens.line_phases, name="line-phases"),
    path("improve/phases/<str:code>/sign/", phase_screens.phase_sign, name="phase-sign"),
    path("improve/phases/<str:code>/approver/", phase_screens.approver_set, name="phase-approver"),
    path("api/v1/lines/<str:code>/readiness/", ReadinessView.as_view(), name="api-line-readiness"),
]
