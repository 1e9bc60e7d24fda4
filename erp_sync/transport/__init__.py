"""The way to an ERP over HTTP: which addresses may be reached, limits of time and size, and no secret in any word."""
