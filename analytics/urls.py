"""Addresses of analytics: pages below /improve/, and its part of the API."""

from django.urls import path

from analytics import screens
from analytics.api import ReadinessView

urlpatterns = [
    path("improve/readiness/", screens.readiness, name="readiness"),
    path("improve/readiness/<str:code>/", screens.line_readiness, name="line-readiness"),
    path("improve/readiness/<str:code>/now/", screens.measure, name="readiness-measure"),
    path("api/v1/lines/<str:code>/readiness/", ReadinessView.as_view(), name="api-line-readiness"),
]
