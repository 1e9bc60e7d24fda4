"""The thread to the ERP: above the MES, which does not know of it."""

from django.apps import AppConfig


class ErpSyncConfig(AppConfig):
    """Orders in, confirmations out, and the comparison of both sides."""

    name = "erp_sync"
    label = "erp_sync"
    verbose_name = "ERP"
