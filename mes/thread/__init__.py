"""The digital thread: from an order down to the samples and back up, what is missing on the way, and its proof."""
