# The two commands of a clean checkout are `make demo` and `make test`. CARGO_TARGET_DIR is honoured.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Handed to `holdfast demo`, such as: make demo ARGS="--records 20000 --exit-after-backup"
ARGS ?=

# The binary holds the console, so that is built first.
CONSOLE := scripts/console.sh build

.PHONY: help demo test browser conformance bench build

help:
	@echo 'make demo [ARGS="--records N --port P --exit-after-backup"]   back up a simulated org, before your eyes'
	@echo 'make test                                                     run all checks and all tests'
	@echo 'make browser                                                  try the console in a browser, and sign-in with a provider'
	@echo 'make conformance                                              let all the clients judge simorg, also the large ones'
	@echo 'make bench [ARGS="--records N --large N"]                      measure Holdfast against other tools'
	@echo 'make build                                                    build the release binary with everything in it'

# Without the SQL engine, which alone would more than double the time to the first look.
demo:
	@scripts/setup.sh build
	@$(CONSOLE)
	cargo run --release --locked --package holdfast --no-default-features -- demo $(ARGS)

test:
	@scripts/setup.sh test
	@scripts/test.sh

# What `make test` does of it, and more: the console page by page in all its states, and sign-in with providers by others.
browser:
	@scripts/setup.sh browser
	@scripts/console.sh mock
	@scripts/console.sh browser
	@scripts/sign_in.sh

# Both download several hundred megabytes at the first time: clients of Salesforce by others.
conformance:
	@scripts/setup.sh conformance
	@scripts/conformance.sh --all

# Takes some forty minutes and 20 GB of disk; ARGS="--records 100000 --large 0" takes minutes.
bench:
	@scripts/setup.sh bench
	@$(CONSOLE)
	cargo build --release --locked --package holdfast --package simorg
	@scripts/bench.sh $(ARGS)

build:
	@scripts/setup.sh build
	@$(CONSOLE)
	cargo build --release --locked --package holdfast --package simorg
