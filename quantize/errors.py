"""Errors of the quantization stage that a user can mend."""

from edge_app.errors import MienError


class QuantizeError(MienError):
    """A source file or a model that the quantization stage cannot use."""
