"""The ERP's schedule on the floor's clock: what should be made when, what is, and when it ends at the present rate."""
