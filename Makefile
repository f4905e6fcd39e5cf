# What one can do here. `make` lists it.
.DEFAULT_GOAL := help
.PHONY: help test verify format train bench clean docs dist images

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

dist: ## make distribution/target/sppo-stream-VERSION.tar.gz, which runs with a Java runtime alone
	mvn -q -B package -Dmaven.test.skip=true -Dspotless.check.skip -pl distribution -am

images: ## make container images, images/target/*.tar, without a container engine
	mvn -q -B package -Pimages -Dmaven.test.skip=true -Dspotless.check.skip -pl images -am

clean: ## delete build output; runs/ and .sppo/ stay
	mvn -q clean
