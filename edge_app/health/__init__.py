"""How the device does: telemetry, and alerts that are made from it."""
