"""What a device is to become → files that set it up at its first start, or build its image."""
