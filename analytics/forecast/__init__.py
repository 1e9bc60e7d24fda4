"""Forecasts. Only the yardsticks live here so far; the one place that will import statsmodels."""
