"""Signals where people look: their page, their words on the floor and beside forecasts, the API."""
