import subprocess
import sys


def test_python_m_trainer_is_mien_train() -> None:
    words = [sys.executable, "-m", "trainer", "evaluate", "--data", "gone"]
    ended = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert ended.returncode != 0
    assert ended.stderr.startswith("mien: gone: ")
    assert ended.stderr.count("\n") == 1
