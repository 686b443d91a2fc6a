# The only entry point: `make` lists what there is to do. Nothing is done again whose inputs have not changed.

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
MAKEFLAGS += --no-print-directory

STAMPS := node_modules/.stamps
PEERS := .peers
SOURCES := $(shell find src -name '*.ts' 2>/dev/null)
TESTS := $(shell find test bench fixtures docs scripts -name '*.ts' -o -name '*.mjs' 2>/dev/null)
CONFIG := package.json tsconfig.json tsconfig.test.json biome.json knip.json vitest.config.ts

# The package of onnxruntime has its CPU libraries inside; its install script would fetch GPU libraries.
export ONNXRUNTIME_NODE_INSTALL := skip
# better-sqlite3 is compiled against the headers beside the running Node where there are any, not against a download.
NODE_PREFIX := $(shell node -p 'path.dirname(path.dirname(fs.realpathSync(process.execPath)))' 2>/dev/null)
ifneq ($(wildcard $(NODE_PREFIX)/include/node/node.h),)
export npm_config_nodedir := $(NODE_PREFIX)
endif

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-11s %s\n", $$1, $$2 }'

install: $(STAMPS)/install ## install the exact packages of package-lock.json
build: dist/.built ## compile src to dist
check: lint types test ## what CI runs: lint, types, tests
lint: $(STAMPS)/lint ## Biome (style and layer rules) and knip (nothing unused)
types: $(STAMPS)/types ## type check sources, tests and benchmarks

test: build ## all tests; the real-data suite is skipped where the data is absent
	@npx vitest run --reporter=default --reporter=./test/summary_reporter.mjs

laws: build ## the property tests on examples drawn anew
	@LAWS_SEED=$$RANDOM && echo "LAWS_SEED=$$LAWS_SEED" && export LAWS_SEED && npx vitest run $$(grep -rl fast-check test --include='*.test.ts')

demo: build ## the whole main job on the fixtures; CSVs and pictures in out/demo
	@node bin/atelier.js nightly --plan fixtures/nightly.yaml

bench: build ## benchmarks, one JSON line each: ours, reference, ratio
	@npx tsc -p bench && node dist-bench/bench/run.js

bench-peers: build ## beside JAX, scikit-learn, Open Bandit Pipeline, MABWiser, PySceneDetect and RapidOCR (a Python environment of 1 GB)
	@command -v python3 > /dev/null || { echo 'skipped: the peers need Python 3.11 or newer'; exit 0; }; $(MAKE) peers

peers: build $(PEERS)/.installed
	@npx tsc -p bench && node dist-bench/bench/peers.js
	@$(PEERS)/bin/python -B bench/peers/open_bandit.py "$${ATELIER_REAL_DATA:-../shared/data}"

kernels: $(STAMPS)/install ## compile src/core/learn/embedding_kernels.wat into the module beside it
	@node scripts/compile_kernels.mjs

docs: build ## write docs/cli.md and docs/schema.md from the program
	@node docs/generate.mjs

fmt: $(STAMPS)/install ## format and mend what Biome can
	@npx biome check --write .

clean: ## remove everything that was built
	rm -rf dist dist-bench out node_modules $(PEERS)

# npm removes what stands in node_modules, so the stamps are made after it.
$(STAMPS)/install: package.json package-lock.json
	@node -e 'const [a, b] = process.versions.node.split(".").map(Number); if (a < 20 || (a === 20 && b < 19)) { console.error(`Expected Node 20.19 or newer but this is $${process.version}.`); process.exit(1); }'
	npm ci --no-audit --no-fund
	@mkdir -p $(STAMPS) && touch $@

dist/.built: $(STAMPS)/install tsconfig.json $(SOURCES)
	@rm -rf dist && npx tsc -p tsconfig.json && touch $@

# The peers name packages of gigabytes that bench/peers/stubs.py stands in for, so their own dependencies are left out.
$(PEERS)/.installed: $(wildcard bench/peers/requirements*.txt)
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check -r bench/peers/requirements.txt -r bench/peers/requirements-learning.txt
	$(PEERS)/bin/pip install --quiet --disable-pip-version-check --no-deps -r bench/peers/requirements-peers.txt -r bench/peers/requirements-scenes.txt -r bench/peers/requirements-ocr.txt
	@touch $@

$(STAMPS)/lint: $(STAMPS)/install $(SOURCES) $(TESTS) $(CONFIG)
	@npx biome check --error-on-warnings . && npx knip && touch $@

$(STAMPS)/types: $(STAMPS)/install $(SOURCES) $(TESTS) $(CONFIG)
	@npx tsc --noEmit -p tsconfig.test.json && touch $@

.PHONY: help install build check lint types test demo bench bench-peers peers kernels docs fmt clean
