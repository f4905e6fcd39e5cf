# What one can do here. `make` lists it.
.DEFAULT_GOAL := help
.PHONY: help test verify format train bench clean docs

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

test: ## format check, static checks and the quick tests, without a broker
	mvn -q test

verify: ## everything CI runs: the quick tests and those with a broker
	mvn -B -ntp verify

format: ## format the code
	mvn -q spotless:apply

train: ## train the small addition policy over an embedded broker
	./sppo train

bench: ## list the benchmarks
	./bench --help

docs: ## regenerate docs/configuration.md from the definition of settings
	./sppo config --markdown > docs/configuration.md

clean: ## delete build output; runs/ and .sppo/ stay
	mvn -q clean
