"""Events → an MQTT broker, and back for whoever listens."""
