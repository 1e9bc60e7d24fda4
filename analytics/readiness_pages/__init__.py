"""Readiness where people look: pages, the API, its words."""
