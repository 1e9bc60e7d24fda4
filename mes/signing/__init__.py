"""Electronic signatures: a person says again who they are, and what they sign is bound to the record by its hash."""
