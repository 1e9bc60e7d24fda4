"""PostgreSQL and Valkey from wheels, run as our own children on machines without servers."""
