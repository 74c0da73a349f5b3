"""What waits for a broker: on disk, in order, and what is under way to it."""
