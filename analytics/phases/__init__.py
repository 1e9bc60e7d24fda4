"""Phases of lines: what their gates opened, since when, why they fell back, and who signed them off."""
