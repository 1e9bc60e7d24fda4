"""Every address of the product: the screens, the admin, the API, analytics and the ERP."""

from django.contrib import admin
from django.urls import include, path

from mes.config import health

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/v1/", include("mes.api.urls")),
    path("", include("analytics.urls")),
    path("", include("erp_sync.urls")),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", include("mes.screens.urls")),
]
