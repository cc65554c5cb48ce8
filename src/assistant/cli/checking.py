"""``assistant check``: corpus, index, model and offline state, one line each."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass

from assistant.errors import AssistantError
from assistant.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found."""

    subject: str
    ok: bool
    message: str


def check_everything(options: argparse.Namespace, settings: Settings) -> list[Finding]:
    """Run every check; none stops the others."""
    from assistant.corpus.lint import lint

    findings = []
    problems = lint(options.corpus)
    findings += [
        Finding(
            "corpus",
            False,
            f"{p.path}, ligne {p.line} : {p.sentence}" if p.line else f"{p.path} : {p.sentence}",
        )
        for p in problems
    ]
    if not problems:
        findings.append(Finding("corpus", ok=True, message="les documents sont bien formés"))
    findings.append(_model(settings))
    findings.append(_index(options, settings))
    offline = all(os.environ.get(n) == "1" for n in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"))
    findings.append(
        Finding(
            "réseau",
            offline,
            "aucune bibliothèque ne consulte le réseau"
            if offline
            else "HF_HUB_OFFLINE n'est pas à 1 : ôtez ce réglage de l'environnement",
        )
    )
    return findings


def _model(settings: Settings) -> Finding:
    from assistant.embedding import SentenceEncoder

    try:
        encoder = SentenceEncoder(settings.model)
        dimension = encoder.dimension
    except AssistantError as error:
        return Finding("modèle", ok=False, message=str(error))
    return Finding("modèle", ok=True, message=f"{encoder.fingerprint}, {dimension} dimensions")


def _index(options: argparse.Namespace, settings: Settings) -> Finding:
    from assistant.corpus import scan
    from assistant.embedding import SentenceEncoder
    from assistant.store import open_index

    try:
        index = open_index(
            options.index, model=SentenceEncoder(settings.model).fingerprint, max_chars=settings.max_chars
        )
    except AssistantError as error:
        return Finding("index", ok=False, message=str(error))
    failed = index.manifest.failed
    if failed:
        return Finding(
            "index", ok=False, message=f"{len(failed)} fichiers en échec : {', '.join(sorted(failed))}"
        )
    now = {f.path: f.digest for f in scan(options.corpus)} if options.corpus.is_dir() else {}
    if now != {p: v[0] for p, v in index.manifest.files.items()}:
        return Finding(
            "index", ok=False, message="les documents ont changé depuis : lancez « assistant index »"
        )
    return Finding(
        "index", ok=True, message=f"{len(index.documents)} documents, fait le {index.manifest.built_at}"
    )
