"""Hours from before Millwright, brought in by CSV."""
