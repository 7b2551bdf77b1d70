# Every target creates what it needs; the second run is fast. Needed on the machine:
# python3 >= 3.11 with pip, cargo, make and a C compiler.
.DEFAULT_GOAL := help
.PHONY: help setup up test check chart conformance differential model secondaries increments faults skew fuzz bench signatures crds metrics alerts dashboards images dist dist-full publish cluster-up cluster-down e2e e2e-cores e2e-propagation e2e-scale e2e-clusters e2e-skew e2e-upgrade e2e-alerts e2e-rolls e2e-updates e2e-acme e2e-externaldns

# uv lives in a folder of its own, by `pip --target`: that needs neither venv nor root.
UV_VERSION := 0.13.9
UV := .tools/uv/bin/uv
RUN := .venv/bin
CARGO := cargo --locked
ENGINE := edge/engine/Cargo.toml
FUZZ := edge/engine/fuzz/Cargo.toml
LOAD := bench/load/Cargo.toml
# The wheel and the tests build the same crate, so they share one target folder.
export CARGO_TARGET_DIR ?= $(CURDIR)/edge/engine/target

# For tests that share no address and no cluster: a process for each processor, a file at a time.
SHARED := --numprocesses auto --dist loadfile

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

$(UV):
	python3 -m pip install --quiet --disable-pip-version-check --root-user-action ignore --target .tools/uv uv==$(UV_VERSION)

setup: $(UV) ## Create .venv with everything in it, the native engine included
	$(UV) sync --frozen --all-extras

up: setup ## Run the quickstart fleet on this machine: 2 zones, 3 Pops (Ctrl-C stops it)
	$(RUN)/dnsfleet up -f examples/quickstart

test: setup ## Unit, property, golden and integration tests with real Valkey and a real fleet
	$(CARGO) test --quiet --manifest-path $(ENGINE)
	$(CARGO) test --quiet --manifest-path $(LOAD)
	$(RUN)/pytest $(SHARED)

check: setup ## Formatting, lints, types and layer rules
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy
	$(RUN)/lint-imports
	cargo fmt --manifest-path $(ENGINE) --check
	cargo fmt --manifest-path $(FUZZ) --check
	$(CARGO) clippy --quiet --manifest-path $(ENGINE) --all-features --all-targets -- -D warnings
	$(CARGO) clippy --quiet --manifest-path $(FUZZ) --no-default-features --all-targets -- -D warnings
	cargo fmt --manifest-path $(LOAD) --check
	$(CARGO) clippy --quiet --manifest-path $(LOAD) --all-targets -- -D warnings

chart: setup ## What the chart renders by Helm 4 and by Helm 3, and what its alerts fire for
	$(RUN)/pytest --numprocesses auto tests/chart

conformance: setup ## Against independent servers and public data sets
	$(RUN)/pytest $(SHARED) tests/conformance

# How many queries, and the seed of the random ones; without SEED, another seed every time.
QUERIES := 1000000
SEED :=

differential: setup ## Random zones and QUERIES against knotd, nsd and named; SEED repeats a run
	PYTHONPATH=tests $(RUN)/python -m differential --queries $(QUERIES) $(if $(SEED),--seed $(SEED))

# Steps of the model of a fleet; without SEED, another seed every time.
STEPS := 1000000

model: setup ## Random faults in a model of a whole fleet, in STEPS steps; SEED repeats a run
	MODEL_STEPS=$(STEPS) MODEL_SEED=$(SEED) $(RUN)/pytest -s tests/property/test_fleet_model.py

secondaries: setup ## Secondaries and primaries of a zone of 100,000 records that changes 50 times a second
	SECONDARIES=full $(RUN)/pytest -s tests/conformance/test_changing_secondaries.py tests/conformance/test_changing_primaries.py

# Examples of objects that change; without SEED, others every time.
EXAMPLES := 3000

increments: setup ## Random changes of Zones, RecordSets and classes in EXAMPLES rows; SEED repeats a run
	INCREMENTS_EXAMPLES=$(EXAMPLES) $(RUN)/pytest --timeout=0 $(if $(SEED),--hypothesis-seed=$(SEED)) \
		tests/integration/test_zone_increments.py

faults: setup ## Kill processes of a fleet under load, set its core back, its clock wrong
	$(RUN)/pytest tests/faults

# The older one of two versions. Without: the last release, or else the commit before this one.
COMMIT = $(or $(shell git describe --tags --abbrev=0 HEAD^ 2>/dev/null || git rev-parse --verify --quiet --short HEAD^),$(error this clone has no commit before this one: fetch more of it, or give COMMIT=...))

skew: setup ## A core and a Pop of two versions: this one, and that of COMMIT
	OLDER_COMMIT=$(COMMIT) $(RUN)/pytest tests/skew

# For each target. A minute is enough to find what a change has just broken.
FUZZ_SECONDS := 60

fuzz: ## Give the engine any octets, FUZZ_SECONDS for each target (edge/engine/fuzz/README.md)
	edge/engine/fuzz/run $(FUZZ_SECONDS)

bench: setup ## Measure propagation, big zones, and dnsfleet beside other servers (ONLY=NAME: one)
	PYTHONPATH=tests $(RUN)/python -m bench $(ONLY)

# Names of events; all of them without.
EVENTS :=

signatures: setup ## Have things happen to fleets, draw their metrics: docs/signatures.md (EVENTS=NAME…; root)
	PYTHONPATH=tests $(RUN)/python -m bench.signatures $(EVENTS)

crds: setup ## Write crds/ and its copies in the chart from the models
	$(RUN)/dnsfleet crds --dir crds --chart helm/dnsfleet

metrics: setup ## Write docs/metrics.md from the metrics of all roles
	PYTHONPATH=tests $(RUN)/python -m support.metrics_document docs/metrics.md

dashboards: setup ## Write the dashboards of the chart from their code and the rules of the alerts
	$(RUN)/python -m dashboards

alerts: setup ## Write the plain rules file of the chart from its alerts
	PYTHONPATH=tests $(RUN)/python -m support.alert_rules

# For one test. The first test on a new machine compiles Kubernetes.
E2E_SECONDS := 1800
CLUSTER := PYTHONPATH=tests $(RUN)/python -m cluster

images: setup ## Build both container images into dist/images (root; see CONTRIBUTING.md)
	$(CLUSTER) images

# The image below ours, NAME@sha256:…, and the URI of who builds. Without, a Debian made here, and you.
# FRESH=yes takes no layer from earlier builds.
BASE_IMAGE ?=
BUILDER ?=
FRESH :=

dist: setup ## Make what a release publishes, the same octets each time, into dist (root; docs/releases.md)
	$(RUN)/python -m release make --base $(or $(BASE_IMAGE),$$($(CLUSTER) base)) \
		$(if $(BUILDER),--builder $(BUILDER)) $(if $(FRESH),--fresh)

dist-full: setup ## Make it twice, in two folders, with nothing of earlier builds: equal octets (root)
	DIST=full $(RUN)/pytest -s tests/e2e/test_release_builds.py --timeout=$(E2E_SECONDS)

# It holds the identity that signs: nothing is built here, and one wheel is installed, from the lock file.
publish: $(UV) ## Publish and sign what is in dist; for the workflow of a release
	$(UV) run --frozen --no-build --only-group publish python -m release publish

cluster-up: setup ## Start a Kubernetes cluster on this machine, print its KUBECONFIG (root)
	$(CLUSTER) up

cluster-down: setup ## End that cluster, and remove all that it made (root)
	$(CLUSTER) down

# Two clusters side by side, each for a part of the files: one alone leaves half of two cores idle.
BESIDE := $(if $(KUBECONFIG),,--numprocesses 2 --dist loadfile)

e2e: setup ## The operator on a real cluster: yours by KUBECONFIG, else two of its own (root)
	$(RUN)/pytest $(BESIDE) tests/e2e --timeout=$(E2E_SECONDS)

# Changes, with faults of the core between them.
CHANGES := 1000

e2e-cores: setup ## On such a cluster: the core's files go back again and again between CHANGES
	CORE_CHANGES=$(CHANGES) $(RUN)/pytest -s tests/e2e/test_cores_that_went_back.py --timeout=$(E2E_SECONDS)

e2e-propagation: setup ## On such a cluster: in CHANGES changes Propagated is never true too early
	PROPAGATION_CHANGES=$(CHANGES) $(RUN)/pytest -s tests/e2e/test_propagation.py --timeout=$(E2E_SECONDS)

# Zones, each with five RecordSets.
ZONES := 1000

e2e-scale: setup ## On such a cluster: ZONES zones come, and then an idle operator writes nothing
	SCALE_ZONES=$(ZONES) $(RUN)/pytest -s tests/e2e/test_scale.py --timeout=$(E2E_SECONDS)

# Seconds for which the link between two clusters is cut.
CUT := 300

e2e-clusters: setup ## On several such clusters: a long cut, rotations, a core that is lost for good
	CUT_SECONDS=$(CUT) CLUSTERS=full $(RUN)/pytest -s tests/e2e/test_two_clusters.py tests/e2e/test_clusters_that_change.py tests/e2e/test_cores_that_are_lost.py tests/e2e/test_walk_through.py --timeout=$(E2E_SECONDS)

e2e-skew: setup ## On two such clusters: core and Pop with images of this version and of COMMIT
	OLDER_COMMIT=$(COMMIT) $(RUN)/pytest -s tests/e2e/test_clusters_of_two_versions.py --timeout=$(E2E_SECONDS)

e2e-upgrade: setup ## On such a cluster: an upgrade from COMMIT to this version under load, and its roll-back
	OLDER_COMMIT=$(COMMIT) $(RUN)/pytest -s tests/e2e/test_upgrades.py --timeout=$(E2E_SECONDS)

e2e-alerts: setup ## On such a cluster: each fault is told within a minute, ordinary load and restarts are not
	ALERTS=full $(RUN)/pytest -s tests/e2e/test_monitoring.py --timeout=$(E2E_SECONDS)

e2e-rolls: setup ## On one of two nodes: edges are replaced while 100,000 queries and more are asked
	ROLLS=full $(RUN)/pytest -s tests/e2e/test_rolls.py --timeout=$(E2E_SECONDS)

e2e-updates: setup ## On such a cluster: 200 dynamic updates a second for a minute
	UPDATES=full $(RUN)/pytest -s tests/e2e/test_gate.py --timeout=$(E2E_SECONDS)

e2e-acme: setup ## On such a cluster, and before without one: cert-manager gets ten certificates at once
	ACME=full $(RUN)/pytest -s tests/conformance/test_cert_manager.py tests/e2e/test_acme.py --timeout=$(E2E_SECONDS)

e2e-externaldns: setup ## On such a cluster, and before without one: ExternalDNS by webhook and by updates
	EXTERNALDNS=full $(RUN)/pytest -s tests/conformance/test_external_dns_runs.py tests/e2e/test_externaldns.py --timeout=$(E2E_SECONDS)
