# Two commands matter: `make run` and `make test`. Both install what is missing first.
PYTHON ?= python3
SIGHTLINE = $(PYTHON) -m scripts.sightline
export PORT LAN_IP VERBOSE UPGRADE

.PHONY: help run run-lan doctor password test unit e2e lint format protocol messages sizes bench-first-frame bench-glass bench-fanout bench-intake soak chaos screenshots newcomer try-dockerfile manage install lock

help:  ## Show these lines
	@sed -n 's/^\([a-z0-9-]*\):.*## /\1\t/p' $(MAKEFILE_LIST) | awk -F '\t' '{printf "  make %-18s %s\n", $$1, $$2}'

run:  ## Start the whole system here (PORT=8123 for a port of your choice, VERBOSE=1 for logs)
	@$(SIGHTLINE) run

run-lan:  ## The same over HTTPS for the phones of this network (LAN_IP=… to choose the address)
	@$(SIGHTLINE) run-lan

doctor:  ## Every part of the running system: works or not, how long, what to do (ARGS='--json')
	@$(SIGHTLINE) doctor $(ARGS)

password:  ## Make and show new passwords for the demo accounts
	@$(SIGHTLINE) password

test:  ## Everything CI runs: lint, types, sizes, unit, integration and end-to-end tests
	@$(SIGHTLINE) test

unit:  ## Unit and integration tests only (ARGS='-k name' to choose)
	@$(SIGHTLINE) unit $(ARGS)

e2e:  ## End-to-end tests only (ARGS='-k name' to choose)
	@$(SIGHTLINE) e2e $(ARGS)

lint:  ## Format check, lint, types and import rules
	@$(SIGHTLINE) lint

format:  ## Format the Python code and mend what can be mended
	@$(SIGHTLINE) format

protocol:  ## Write static/src/shared/protocol.ts from the Python messages
	@$(SIGHTLINE) protocol

messages:  ## Take the caller's sentences to the catalogues (ARGS=fr begins a new language)
	@$(SIGHTLINE) messages $(ARGS)

sizes:  ## Weigh the pages against their budgets
	@$(SIGHTLINE) sizes

bench-first-frame:  ## Tap to first picture against bare peers, at rest and on a slow link (ARGS='--runs 5')
	@$(SIGHTLINE) bench-first-frame $(ARGS)

bench-glass:  ## Camera to console, frame by frame, against a bare livekit-client page
	@$(SIGHTLINE) bench-glass $(ARGS)

bench-fanout:  ## A hundred positions a second to a hundred consoles, against Channels and bare ws
	@$(SIGHTLINE) bench-fanout $(ARGS)

bench-intake:  ## Positions stored a second for a core, at 1,000 callers, against the bare database (ARGS='--seconds 5')
	@$(SIGHTLINE) bench-intake $(ARGS)

soak:  ## The state machine for a while, then processes killed (ARGS='--minutes 5', '--seed N')
	@$(SIGHTLINE) soak $(ARGS)

chaos:  ## Make parts of the running system fail, and see what is lost (ARGS='--rows 1,3,5')
	@$(SIGHTLINE) chaos $(ARGS)

screenshots:  ## Take the pictures of every surface again
	@$(SIGHTLINE) screenshots

newcomer:  ## A clone in a fresh Debian root, make run, the main job, Ctrl-C (as root; SUITE=trixie)
	@$(SIGHTLINE) newcomer

try-dockerfile:  ## The Dockerfile's steps in fresh Debian roots, without Docker (as root; debootstrap)
	@$(SIGHTLINE) try-dockerfile

manage:  ## A Django command against the running system (ARGS='showmigrations')
	@$(SIGHTLINE) manage $(ARGS)

install:  ## Install what is missing, and start nothing
	@$(SIGHTLINE) install

lock:  ## Resolve the direct dependencies into the pinned files (UPGRADE=1 for newer versions)
	@$(SIGHTLINE) lock
