# Deux commandes suffisent : « make serve » et « make test ». La première fois, chacune crée .venv
# et y installe les versions de constraints.txt ; ensuite, plus rien n'est installé.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help install serve index test check lint eval bench fix annexe captures audit sbom bundle test-bundle clean

help: ## liste les commandes
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## ?/\1\t/' | \
	  while IFS="$$(printf '\t')" read -r name text; do printf '  make %-11s %s\n' "$$name" "$$text"; done
	@echo
	@echo "  Options d'une commande : make serve ARGS='--port 8000'"

# The stamp is newer than what it was installed from, or the installation is done again.
$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 ou plus récent est nécessaire : make PYTHON=python3.11 …" >&2; exit 1; }
	@echo "Installation dans $(VENV) (une seule fois, quelques minutes)…" >&2
	test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(STAMP)

install: $(STAMP)

serve: $(STAMP) ## met l'index à jour s'il le faut, puis ouvre l'assistant sur une adresse locale
	@$(BIN)/assistant index || test -f index/CURRENT
	@exec $(BIN)/assistant serve $(ARGS)

index: $(STAMP) ## met l'index à jour avec le dossier corpus/
	@$(BIN)/assistant index $(ARGS)

# The tests alone need Milvus Lite: some 200 MB, twenty seconds. Who serves does without.
$(STAMP)-milvus: $(STAMP)
	$(BIN)/pip install --disable-pip-version-check -c constraints.txt -e '.[dev,milvus]'
	@touch $(STAMP)-milvus

test: lint $(STAMP)-milvus ## style, types, couches, puis tous les tests (navigateur compris si Chromium est là)
	$(BIN)/pytest $(ARGS)

check: lint ## style, types, couches, puis contrôle du corpus, de l'index et du modèle
	$(BIN)/assistant check

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

eval: $(STAMP) ## mesure les réponses sur les questions du projet (rapport dans eval/report/)
	@$(BIN)/assistant index
	@$(BIN)/assistant eval --report eval/report $(ARGS)

bench: $(STAMP) ## mesure les temps : ouverture, questions, mise à jour de l'index
	@$(BIN)/assistant index
	@$(BIN)/python benchmarks/latency.py
	@$(BIN)/python benchmarks/dossier.py $(ARGS)

fix: $(STAMP) ## corrige ce que ruff sait corriger, et met en forme
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

captures: $(STAMP) ## refait les copies d'écran de docs/img (demande Chromium)
	@$(BIN)/assistant index
	$(BIN)/python tools/captures.py

annexe: $(STAMP) ## refait corpus/annexes/comparatif-identite.pdf depuis les tableaux des fiches
	$(BIN)/python tools/annexe.py

audit: $(STAMP) ## licences, exceptions de sécurité, failles connues (AVIS=fichier : docs/audit.md)
	$(BIN)/ruff check --select S .
	@$(BIN)/python tools/audit.py $(if $(AVIS),--avis '$(AVIS)') $(ARGS)

sbom: $(STAMP) ## écrit la nomenclature des composants (CycloneDX) dans dist/
	@$(BIN)/python tools/sbom.py $(ARGS)

bundle: $(STAMP) ## fait dans dist/ l'archive qui s'installe sur une machine sans réseau
	@$(BIN)/python tools/bundle.py $(ARGS)

test-bundle: bundle ## installe cette archive dans un espace sans réseau, et l'y interroge
	ASSISTANT_BUNDLE="$$(ls -t dist/*.tar | head -n 1)" $(BIN)/pytest tests/bundle $(ARGS)

clean: ## supprime .venv, l'index et les fichiers temporaires
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find index -mindepth 1 ! -name README.md -delete
