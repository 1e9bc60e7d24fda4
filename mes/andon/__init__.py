"""Andon: calls for help, who hears of them when, and how fast help came."""
