"""The whole product, started once, in the hands of people and of faults."""
