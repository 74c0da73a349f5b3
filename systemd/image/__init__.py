"""A bootable SD-card image, made on a workstation and written to a card."""
