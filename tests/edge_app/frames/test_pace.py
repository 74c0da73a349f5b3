from edge_app.frames.pace import Pacer


class Clock:
    """Stands still but for what is slept."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds


def test_frames_are_as_far_apart_as_recorded() -> None:
    clock = Clock()
    pacer = Pacer(clock, clock.sleep)
    for position_ms in (500, 600, 850):
        pacer.wait(position_ms * 1_000_000)
    assert clock.slept == [0.1, 0.25]


def test_time_spent_elsewhere_is_not_waited_again() -> None:
    clock = Clock()
    pacer = Pacer(clock, clock.sleep)
    pacer.wait(0)
    clock.now += 0.15
    pacer.wait(100_000_000)
    pacer.wait(200_000_000)
    assert clock.slept == [0.05]
