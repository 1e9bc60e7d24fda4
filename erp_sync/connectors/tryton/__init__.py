"""Connector to Tryton 7.0 (LTS) and 8.x over its JSON-RPC; tried against running servers of both."""

from erp_sync.connectors.tryton.connector import Tryton

__all__ = ["Tryton"]
