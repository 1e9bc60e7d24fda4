"""The plant as one YAML file: checked with the line of every mistake, imported in one transaction, exported."""
