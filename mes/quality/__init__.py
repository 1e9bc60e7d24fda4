"""Quality: what the parts measured. So far its mathematics (`spc/`, pure); check plans, holds and pages rest on it."""
