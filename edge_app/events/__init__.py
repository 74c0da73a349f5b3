"""Faces over time → events. The types of everything that is published live in `payloads`."""
