"""Files that a user dropped on the boot partition → the device's own settings.

This folder runs on the device, beside Mien, and imports nothing else of the repository.
"""
