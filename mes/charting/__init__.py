"""The one door to Plotly: figures as plain data, drawn in the browser by the vendored basic bundle."""
