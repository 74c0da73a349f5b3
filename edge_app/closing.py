"""The one way in which things that are open come to their end."""

from __future__ import annotations

import abc
from types import TracebackType
from typing import Self


class Closing(abc.ABC):
    """Open until `close`, or until the end of its `with` block."""

    @abc.abstractmethod
    def close(self) -> None:
        """Give back what is held. A second call does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
