"""Addresses of analytics: pages below /improve/, and its part of the API."""

from django.urls import path

from analytics.forecast_pages import screens as forecast_screens
from analytics.forecast_pages.api import ForecastView
from analytics.imported import screens as import_screens
from analytics.phase_pages import screens as phase_screens
from analytics.readiness_pages import screens
from analytics.readiness_pages.api import ReadinessView
from analytics.signal_pages import screens as signal_screens
from analytics.signal_pages.api import SignalsView

urlpatterns = [
    path("improve/readiness/", screens.readiness, name="readiness"),
    path("improve/readiness/<str:code>/", screens.line_readiness, name="line-readiness"),
    path("improve/readiness/<str:code>/now/", screens.measure, name="readiness-measure"),
    path("improve/readiness/<str:code>/import/", import_screens.history, name="readiness-import"),
    path("improve/phases/", phase_screens.phases, name="phases"),
    path("improve/phases/<str:code>/", phase_screens.line_phases, name="line-phases"),
    path("improve/phases/<str:code>/sign/", phase_screens.phase_sign, name="phase-sign"),
    path("improve/phases/<str:code>/approver/", phase_screens.approver_set, name="phase-approver"),
    path("improve/forecast/", forecast_screens.forecasts, name="forecasts"),
    path("improve/forecast/-/floor/", forecast_screens.floor, name="forecast-floor"),
    path("improve/forecast/<str:code>/", forecast_screens.line_forecast, name="line-forecast"),
    path("improve/forecast/<str:code>/now/", forecast_screens.forecast_now, name="forecast-now"),
    path("improve/forecast/<str:code>/job/", forecast_screens.forecast_job, name="forecast-job"),
    path("improve/forecast/<str:code>/override/", forecast_screens.override, name="forecast-override"),
    path("improve/forecast/<str:code>/approve/", forecast_screens.approve, name="forecast-approve"),
    path("improve/forecast/<str:code>/<int:issued>/", forecast_screens.forecast_then, name="forecast-then"),
    path("api/v1/lines/<str:code>/forecast/", ForecastView.as_view(), name="api-line-forecast"),
    path("improve/signals/", signal_screens.signals, name="signals"),
    path("improve/signals/<int:number>/mark/", signal_screens.mark, name="signal-mark"),
    path("api/v1/lines/<str:code>/signals/", SignalsView.as_view(), name="api-line-signals"),
    path("api/v1/lines/<str:code>/readiness/", ReadinessView.as_view(), name="api-line-readiness"),
]
