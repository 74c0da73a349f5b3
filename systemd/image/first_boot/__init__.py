"""Files that a user dropped on the boot partition → the device's own settings.

Mien's package brings this folder to the device. It imports Mien, and nothing else of the
repository.
"""
