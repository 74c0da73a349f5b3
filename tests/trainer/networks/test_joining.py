import numpy as np
import pytest

from trainer.networks import mien
from trainer.networks.joining import join_heads


@pytest.mark.parametrize("heads", [{"logits": 7}, {"fer2013": 7, "ferplus": 8}])
def test_the_heads_stand_side_by_side(heads: dict[str, int]) -> None:
    network = mien.build(heads, size="small")
    faces = np.random.default_rng(4).random((5, 48, 48, 1)).astype(np.float32)
    said = network.predict(faces, verbose=0)
    joined = join_heads(network).predict(faces, verbose=0)["logits"]
    expected = np.concatenate([said[name] for name in network.output_names], axis=1)
    assert np.allclose(joined, expected, atol=1e-5)
