import numpy as np

from trainer.networks import mien
from trainer.networks.merging import merge_heads


def test_the_merged_head_is_the_average_of_the_heads() -> None:
    network = mien.build({"fer2013": 7, "ferplus": 8})
    faces = np.random.default_rng(4).random((5, 48, 48, 1)).astype(np.float32)
    said = network.predict(faces, verbose=0)
    merged = merge_heads(network, {"fer2013": 0.75, "ferplus": 0.25}, classes=7)
    expected = 0.75 * said["fer2013"] + 0.25 * said["ferplus"][:, :7]
    assert np.allclose(merged.predict(faces, verbose=0)["logits"], expected, atol=1e-5)


def test_a_single_head_stays_as_it_is() -> None:
    network = mien.build({"logits": 7})
    faces = np.random.default_rng(4).random((5, 48, 48, 1)).astype(np.float32)
    merged = merge_heads(network, {"logits": 1.0}, classes=7)
    assert np.allclose(
        merged.predict(faces, verbose=0)["logits"], network.predict(faces, verbose=0)["logits"]
    )
