"""The board's power supply, look by look → whether it was too weak since the look before."""

from __future__ import annotations

from edge_app.health.board import Board

#: Bits of the firmware's answer: now, and at any time since the board was started.
_NOW, _REMEMBERED = 1 << 0, 1 << 16


class Supply:
    """Tells nothing that the firmware remembers of the time before this was made."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._remembered = self._remembers(board.throttled_bits())

    def was_weak(self) -> bool | None:
        """Now, or for a moment since the last call; None where the kernel does not tell."""
        bits = self._board.throttled_bits()
        if bits is None:
            return self._board.has_supply_alarm()
        before, self._remembered = self._remembered, self._remembers(bits)
        is_new = before is False and self._remembered is True
        # The firmware may remember the first dip until the board is switched off: of the next ones
        # only the kernel's driver knows, for some seconds.
        return bool(bits & _NOW) or is_new or self._board.has_supply_alarm() is True

    @staticmethod
    def _remembers(bits: int | None) -> bool | None:
        return None if bits is None else bool(bits & _REMEMBERED)
