"""Child processes: how they are told apart, started, watched, restarted and stopped."""
