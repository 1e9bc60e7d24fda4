"""The losses pages under /improve/: what cost the most, where the time went, how it develops, what changed."""
