"""How ready a line's data is for forecasts: measures, dimensions, gates and what blocks them."""
