"""Quality: what is checked and when, what the checks said, holds and nonconformances, control charts (`spc/`, pure)."""
