"""What connectors over a drop folder share: the folder, what is remembered of its files, the way of a message."""
