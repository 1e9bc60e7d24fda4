"""A simulated ERP: a small service with a file of its own, and the connector to it. No real ERP is behind it."""

from erp_sync.connectors.simulated.connector import SimulatedErp

__all__ = ["SimulatedErp"]
