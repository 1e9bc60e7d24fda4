"""Forecasts where people look: pages, the API, the line on the floor."""
