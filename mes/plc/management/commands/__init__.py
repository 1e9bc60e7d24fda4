"""Commands of the plc room."""
