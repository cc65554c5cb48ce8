"""``assistant check``: corpus, index, model and offline state, one line each."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from assistant.errors import AssistantError
from assistant.settings import Settings
from assistant.silence import talkative


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
    findings.append(_language_model(settings))
    findings.append(_silence())
    return findings


def _silence() -> Finding:
    loud = talkative()
    if loud:
        message = f"{', '.join(loud)} : ôtez ce réglage de l'environnement"
        return Finding("réseau", ok=False, message=message)
    return Finding(
        "réseau",
        ok=True,
        message="aucune bibliothèque ne consulte le réseau ; « assistant check --reseau » le prouve",
    )


def _model(settings: Settings) -> Finding:
    from assistant.embedding import SentenceEncoder

    try:
        encoder = SentenceEncoder(settings.model)
        dimension = encoder.dimension
    except AssistantError as error:
        return Finding("modèle", ok=False, message=str(error))
    return Finding("modèle", ok=True, message=f"{encoder.fingerprint}, {dimension} dimensions")


def _language_model(settings: Settings) -> Finding:
    from assistant.generation import Client, GenerationError

    subject = "modèle de langage"
    if settings.llm is None:
        return Finding(subject, ok=True, message="aucun : les réponses citent le dossier")
    try:
        client = Client(settings.llm)
    except AssistantError as error:
        return Finding(subject, ok=False, message=str(error))
    try:
        known = client.models()
    except GenerationError as error:
        # Some servers answer questions without telling their models.
        answers = error.kind in {"status", "garbage"}
        hint = "" if answers else " ; les réponses citeront le dossier"
        return Finding(subject, ok=answers, message=f"{client.place} : {error.reason}{hint}")
    if settings.llm.model not in known:
        return Finding(
            subject,
            ok=False,
            message=f"le serveur ne propose pas « {settings.llm.model} » mais {', '.join(known) or 'rien'} : "
            "corrigez le réglage « llm.model »",
        )
    return Finding(subject, ok=True, message=f"{client.place}, prêt")


def _index(options: argparse.Namespace, settings: Settings) -> Finding:
    from assistant.corpus import scan
    from assistant.embedding import SentenceEncoder
    from assistant.store import open_index

    try:
        index = open_index(
            options.index,
            model=SentenceEncoder(settings.model).fingerprint,
            max_chars=settings.max_chars,
            milvus=settings.remote,
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
