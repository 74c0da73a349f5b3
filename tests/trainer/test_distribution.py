import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.distribution import DistributionError, data_parallel

#: In a process of its own: TensorFlow makes its devices once.
PROGRAM = """
import json, sys
from pathlib import Path
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
from tests.trainer.synthetic import all_splits
from trainer.checkpoints import HISTORY
from trainer.heads import MixedHead
from trainer.recipes import Recipe
from trainer.training import train
recipe = Recipe(name="two", epochs=2, heads=(MixedHead(1.0),), size="small", batch=32,
                learning_rate=0.05, warm_up_epochs=0.5)
replicas = []
fit = keras.Model.fit
def watched(model, *arguments, **named):
    replicas.append(model.distribute_strategy.num_replicas_in_sync)
    done = fit(model, *arguments, **named)
    replicas.append(max(
        float(np.abs(copy.numpy() - v.value.values[0].numpy()).max())
        for v in model.trainable_variables for copy in v.value.values
    ))
    return done
keras.Model.fit = watched
run = Path(sys.argv[1])
train(recipe, all_splits(training=224, others=28), run, devices=2)
losses = [json.loads(line)["loss"] for line in (run / HISTORY).read_text().splitlines()]
print(json.dumps({"replicas": replicas, "losses": losses}))
"""


def test_two_devices_share_the_batches_and_keep_the_same_weights(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path / "run")],
        env=os.environ | {"KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["replicas"] == [2, 0.0, 2, 0.0]
    assert told["losses"][1] < told["losses"][0]
    assert (tmp_path / "run" / "model.keras").is_file()


def test_more_devices_than_there_are_is_an_error() -> None:
    with pytest.raises(DistributionError, match="64 devices were asked for"), data_parallel(64):
        pass


@pytest.mark.parametrize("devices", [0, -1])
def test_fewer_than_one_device_is_an_error(devices: int) -> None:
    with (
        pytest.raises(DistributionError, match=f"{devices} devices were asked for; .* least 1"),
        data_parallel(devices),
    ):
        pass
