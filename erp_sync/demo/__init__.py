"""A real ERP in the box: Tryton in an environment of its own, built once, seeded with the demo plant."""
