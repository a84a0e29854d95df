# Everything that one does with this repository. `make` alone explains itself.

ARGS     ?=
FUZZTIME ?= 20s
BENCH    ?= .
COUNT    ?= 1
HISTORIES ?= 10000
SOAK     ?= 24h
SOAK_LOCAL ?= 20m

.DEFAULT_GOAL := help
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

##@ Run it

.PHONY: run
run: ## run everything in one process on this machine; ARGS are its flags
	go run ./functions/local $(ARGS)

.PHONY: demo
demo: ## send some profiles to it and show a flame graph
	go run ./scripts/demo $(ARGS)

.PHONY: web
web: ## build the page at / anew from shared/webui/app, and its screenshots; needs Node.js 20
	go test ./tests/web -count=1 -update

##@ Check it

.PHONY: test
test: ## run all tests
	go test ./...

.PHONY: test-race
test-race: ## run all tests with the race detector, which needs a C compiler
	go test -race ./...

.PHONY: simulation
simulation: ## run HISTORIES (10000) invented histories of the whole system against a plain model
	go test ./tests/simulation -count=1 -timeout 3h -v -run 'Every|Broken' -histories $(HISTORIES)

.PHONY: soak
soak: ## live through SOAK (24h) by its own clock with everything at once, against a plain model, in minutes
	go test ./tests/simulation -count=1 -timeout 3h -v -run 'Soak$$|SoakNotices' -soak $(SOAK)

.PHONY: soak-local
soak-local: ## push to, ask and restart the local host for SOAK_LOCAL (20m) in real time
	go test ./tests/simulation -count=1 -timeout 3h -v -run SoakOfTheLocalHost -live $(SOAK_LOCAL)

.PHONY: test-emulators
test-emulators: ## test the AWS adapters, the deployed binaries and infra/README.md against emulators; needs Python, Java, Maven and Node.js
	PYROCUMULUS_EMULATORS=1 scripts/emulators/emulators exec go test -count=1 -timeout 45m -v ./tests/emulators ./tests/lambda ./tests/deploy ./scripts/pyrocumulus/redrive

.PHONY: test-clients
test-clients: ## run the snippets for SDKs as they are documented; needs Python, a JDK, Maven, Rust, a C compiler and curl
	PYROCUMULUS_CLIENTS=1 go test -count=1 -timeout 30m -v ./tests/clients

.PHONY: lint
lint: ## check format, go vet and staticcheck
	@unformatted=$$(gofmt -l .); \
	if [ -n "$$unformatted" ]; then echo "not formatted, run gofmt -w on:" $$unformatted; exit 1; fi
	go vet ./...
	go tool staticcheck ./...

.PHONY: lint-infra
lint-infra: ## check the templates with cfn-lint and checkov; needs Python
	infra/checker/check

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (20s)
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sort | while IFS=: read -r file func; do \
		echo "$${file%/*} $${func#func }"; \
		go test -run '^$$' -fuzz "^$${func#func }\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 1s "$${file%/*}" < /dev/null; \
	done

.PHONY: bench
bench: ## run the benchmarks that match BENCH (all), each COUNT (1) times
	go test -run '^$$' -bench '$(BENCH)' -benchmem -count $(COUNT) ./...

.PHONY: golden
golden: ## write all golden files anew, then show what changed
	@grep -rl --include='*_test.go' 'flag.Bool("update"' . | xargs -r -n1 dirname | sort -u | while read -r dir; do \
		go test "$$dir" -update < /dev/null; \
	done
	git diff --stat

##@ Ship it

BUILD ?=

.PHONY: build
build: ## make .build/<function>.zip of each function, for Lambda on arm64; BUILD are flags of scripts/build
	go run ./scripts/build $(BUILD)

CDK ?= npx --yes aws-cdk@2.1148.1

.PHONY: bootstrap
bootstrap: build ## make what CDK needs in the account and region, once: a bucket and roles
	$(CDK) bootstrap $(ARGS)

.PHONY: synth
synth: build ## make the CloudFormation template in .cdk.out; ARGS are flags of cdk, as -c size=medium
	$(CDK) synth --quiet $(ARGS)

.PHONY: diff
diff: build ## show what deploy would change in the AWS account
	$(CDK) diff $(ARGS)

.PHONY: deploy
deploy: build ## make or update the stack in the AWS account
	$(CDK) deploy $(ARGS)

.PHONY: destroy
destroy: build ## delete the stack; what is stored stays unless it was deployed with -c destroy=true
	$(CDK) destroy $(ARGS)

.PHONY: clean
clean: ## remove what the other targets made
	rm -rf .build .cdk.out

.PHONY: help
help: ## print this
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
