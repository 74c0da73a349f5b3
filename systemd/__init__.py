"""What a device runs Mien with: the unit, its settings, and the packages they come in."""
