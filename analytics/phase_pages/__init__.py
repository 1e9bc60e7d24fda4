"""Phases where people look: the map of the plant, a line's ladder, sign-offs, their words."""
