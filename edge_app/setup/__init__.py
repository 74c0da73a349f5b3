"""A person's answers → the settings of a device, and an acknowledged purpose."""
