"""Time as a test has it."""


class Clock:
    """Seconds that stand still until the test moves them."""

    def __init__(self, now_s: float = 50.0) -> None:
        self.now_s = now_s

    def __call__(self) -> float:
        return self.now_s
