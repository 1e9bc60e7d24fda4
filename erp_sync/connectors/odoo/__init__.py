"""Odoo: JSON-RPC up to 18, JSON-2 from 19. Built from recorded exchanges with 17.0; not tried on a live server."""

from erp_sync.connectors.odoo.connector import Odoo

__all__ = ["Odoo"]
