"""What a result says of the machine."""

from pathlib import Path

from trainer.reproduction.measuring import processor


def test_the_processor_is_named_where_the_system_tells(tmp_path: Path) -> None:
    told = tmp_path / "cpuinfo"
    told.write_text("processor\t: 0\nmodel name\t: A Processor @ 2 GHz\nflags\t: fpu\n")
    assert processor(told) == "A Processor @ 2 GHz"
    told.write_text("processor\t: 0\n")
    assert processor(told)
    assert processor(tmp_path / "missing")
