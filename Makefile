# flowrun: what a newcomer types.
#   make demo    sets up what is missing, builds the release binary, runs the main job in a scratch folder
#   make test    sets up what is missing, runs all tests
#   make bench   measures and compares with the baseline
#   make fuzz    gives hostile input to a reader: make fuzz KIND=json SECONDS=60
#   make converge  edits both sides of co-sell deals at random under faults and kills, and looks at every edit
#   make soak    kills a loaded server a thousand times and counts what its service saw

SHELL := /bin/bash
PACKAGES := pkg-config libyaml-dev libcurl4-openssl-dev libssl-dev libsqlite3-dev libxml2-dev libzstd-dev tzdata
SOURCES := Sources Tests Package.swift
RELEASE := .build/release/flowrun

# Hostile input, of one of the kinds in Tests/FuzzingTests/Kinds/FuzzKind.swift.
KIND ?= expression
SECONDS ?= 180

.PHONY: setup build demo test bench soak converge fuzz format lint clean

setup:
	@missing=""; for package in $(PACKAGES); do \
	    dpkg-query -W -f='$${Status}' $$package 2>/dev/null | grep -q 'install ok installed' || missing="$$missing $$package"; \
	done; \
	if [ -n "$$missing" ]; then \
	    echo "installing Debian packages:$$missing"; \
	    sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	    $$sudo apt-get update -qq && $$sudo apt-get install -y -qq --no-install-recommends $$missing >/dev/null; \
	fi; \
	command -v swift >/dev/null || { echo "Swift 6.2 or newer is needed: https://www.swift.org/install/linux/"; exit 1; }

build: setup
	swift build -c release --static-swift-stdlib --product flowrun

demo: build
	Examples/main-job/demo.sh $(RELEASE)

test: setup
	swift build --build-tests
	swift test --skip-build

# Fails for what is slower than the machine explains, or writes or computes more than recorded. WORKLOADS="W1 W5" runs
# some; counting instructions needs valgrind, and W6 and W7 the built `flowrun`.
bench: build
	swift build -c release --static-swift-stdlib --product flowrun-bench
	.build/release/flowrun-bench $(WORKLOADS) --compare Sources/FlowBenchmarks/baseline.json

# A build of its own beside the others, with the toolchain's libFuzzer and address sanitizer in every module.
fuzz: setup
	FLOWRUN_FUZZ=1 swift build -c release --scratch-path .build/fuzz --sanitize fuzzer -Xswiftc -sanitize=fuzzer,address \
	    --product flowrun-fuzz
	Tests/FuzzingTests/Fuzzer/fuzz.sh $(KIND) $(SECONDS)
# KILLS=100 make soak: fewer; SEED=7 repeats a round; DURABILITY=full or process: only that.
KILLS := 1000
soak: setup
	swift build --product flowrun
	swift build --product flowrun-bench
	.build/debug/flowrun-bench soak --kills $(KILLS) $(if $(SEED),--seed $(SEED)) $(if $(DURABILITY),--durability $(DURABILITY))

# EDITS=100 KILLS=5 SEED=7 make converge: fewer, and the same again; CRM=salesforce or dynamics365: only that.
EDITS := 1000
CRM := salesforce dynamics365
converge: setup
	swift build --product flowrun
	swift build --product flowrun-bench
	for crm in $(CRM); do \
	    .build/debug/flowrun-bench converge --edits $(EDITS) --crm $$crm $(if $(SEED),--seed $(SEED)) || exit 1; \
	done

format:
	swift format --in-place --recursive --parallel $(SOURCES)

lint:
	swift format lint --strict --recursive --parallel $(SOURCES)

clean:
	rm -rf .build
