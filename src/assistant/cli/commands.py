"""What each command does: settings in, one call, a report out."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from assistant.cli.parser import EXIT_ABSTAINED, EXIT_DONE, EXIT_ERROR, EXIT_USAGE
from assistant.cli.people import export_history, manage_user, purge, write_log
from assistant.errors import EvaluationDataError, QuestionError, SettingsError
from assistant.settings import load_settings


def run(options: argparse.Namespace) -> int:
    """Run the command that *options* names; return the exit code."""
    handlers: dict[str, Callable[[argparse.Namespace], int]] = {
        "serve": _serve,
        "index": _index,
        "ask": _ask,
        "search": _search,
        "eval": _eval,
        "check": _check,
        "model": _model,
        "user": manage_user,
        "history": export_history,
        "log": write_log,
        "purge": purge,
    }
    return handlers[options.command](options)


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _serve(options: argparse.Namespace) -> int:
    from assistant.web import serve

    settings = load_settings(options.config)
    if options.watch:
        settings = dataclasses.replace(settings, watch=True)
    if options.certfile or options.keyfile:
        given = dataclasses.replace(settings.server, certfile=options.certfile, keyfile=options.keyfile)
        settings = dataclasses.replace(settings, server=given)
    serve(index=options.index, corpus=options.corpus, settings=settings, host=options.host, port=options.port)
    return EXIT_DONE


def _index(options: argparse.Namespace) -> int:
    from assistant.embedding import SentenceEncoder
    from assistant.presentation import render_report, report_dict
    from assistant.store import RebuildReport, rebuild, rollback, watch
    from assistant.store.progress import progress_bar

    settings = load_settings(options.config)
    if options.rollback:
        name = rollback(options.index, settings.remote)
        print(f"L'index précédent est de nouveau en service : {name}.")
        return EXIT_DONE
    encoder = SentenceEncoder(settings.model)

    def update(*, full: bool) -> RebuildReport:
        with progress_bar() as show:
            return rebuild(
                options.corpus,
                options.index,
                encoder,
                max_chars=settings.max_chars,
                full=full,
                progress=show,
                milvus=settings.remote,
            )

    def tell(report: RebuildReport) -> None:
        if options.json:
            _print_json(report_dict(report))
        else:
            print(render_report(report), flush=True)

    def after_a_change() -> None:
        report = update(full=False)
        # A save that changed nothing is no news.
        if not report.current:
            tell(report)

    first = update(full=options.full)
    tell(first)
    if options.watch:
        print("À l'écoute des modifications (Ctrl+C pour arrêter)…", file=sys.stderr, flush=True)
        watch(options.corpus, after_a_change, _complain)
    return EXIT_ERROR if first.failed else EXIT_DONE


def _complain(sentence: str) -> None:
    print(f"assistant : {sentence}", file=sys.stderr, flush=True)


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSONL file.

    Raises:
        EvaluationDataError: The file cannot be read, or a line is not a JSON object.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        message = f"Le fichier « {path} » ne peut pas être lu : vérifiez son chemin et ses droits."
        raise EvaluationDataError(message, path=path) from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            message = f"La ligne {number} du fichier « {path} » n'est pas un objet JSON : corrigez-la."
            raise EvaluationDataError(message, path=path)
        yield record


def _ask(options: argparse.Namespace) -> int:
    from assistant.answering import Assistant
    from assistant.presentation import answer_dict, render_answer

    if (options.question is None) == (options.batch is None):
        print("assistant ask : donnez une question, ou --batch FICHIER.", file=sys.stderr)
        return EXIT_USAGE
    settings = load_settings(options.config)
    if options.question is not None:
        from assistant.question.understanding import check

        check(options.question)
        assistant = Assistant.open(options.index, settings)
        answer = assistant.ask(options.question, history=options.history)
        if options.json:
            _print_json(answer_dict(answer))
        else:
            print(render_answer(answer))
            if writer := assistant.writer(answer):
                print(f"\n{writer}")
        return EXIT_ABSTAINED if answer.abstained else EXIT_DONE
    assistant = Assistant.open(options.index, settings)
    code = EXIT_DONE
    for record in _lines(options.batch):
        identifier = record.get("id")
        try:
            history = [str(h) for h in record.get("history") or []]
            answer = assistant.ask(str(record.get("question") or ""), history=history)
        except QuestionError as error:
            code = EXIT_ERROR
            _print_json({"id": identifier, "error": str(error)})
            continue
        _print_json({**answer_dict(answer), "id": identifier})
    return code


def _render_search(result: dict[str, Any]) -> str:
    lines = []
    for passage in result["passages"]:
        place = (
            f", p. {passage['page']}"
            if passage["page"]
            else (f" > {passage['section']}" if passage["section"] else "")
        )
        lines.append(
            f"{passage['rank']}. {passage['title']}{place} ({passage['score']:.2f})\n   {passage['quote']}"
        )
    return "\n".join(lines) or "Aucun passage trouvé."


def _search(options: argparse.Namespace) -> int:
    from assistant.answering import Assistant

    if (options.query is None) == (options.batch is None):
        print("assistant search : donnez une recherche, ou --batch FICHIER.", file=sys.stderr)
        return EXIT_USAGE
    assistant = Assistant.open(options.index, load_settings(options.config))
    if options.query is not None:
        result = assistant.search(options.query, limit=options.k)
        if options.json:
            _print_json(result)
        else:
            print(_render_search(result))
        return EXIT_DONE
    code = EXIT_DONE
    for record in _lines(options.batch):
        try:
            result = assistant.search(
                str(record.get("question") or record.get("query") or record.get("text") or ""),
                limit=options.k,
            )
        except QuestionError as error:
            code = EXIT_ERROR
            result = {"error": str(error)}
        _print_json({"id": record.get("id", record.get("_id")), **result})
    return code


def _eval(options: argparse.Namespace) -> int:
    from assistant.evaluation import run_evaluation

    return run_evaluation(options, load_settings(options.config))


def _check(options: argparse.Namespace) -> int:
    if options.reseau:
        return _check_network(options)
    from assistant.cli.checking import check_everything

    findings = check_everything(options, load_settings(options.config))
    if options.json:
        _print_json([{"subject": f.subject, "ok": f.ok, "message": f.message} for f in findings])
    else:
        for finding in findings:
            print(f"{'OK    ' if finding.ok else 'ÉCHEC '} {finding.subject} : {finding.message}")
    return EXIT_DONE if all(f.ok for f in findings) else EXIT_ERROR


def _check_network(options: argparse.Namespace) -> int:
    from assistant.proof import choose_method, prove, write_attestation

    proof = prove(options.corpus, load_settings(options.config), choose_method(options.methode))
    try:
        page, record = write_attestation(proof, options.rapport)
    except OSError as error:
        message = (
            f"L'attestation ne peut pas être écrite dans « {options.rapport} » ({error.strerror}) : "
            "donnez un autre dossier par --rapport."
        )
        raise SettingsError(message, path=options.rapport) from error
    if options.json:
        print(record.read_text(encoding="utf-8"), end="")
    elif proof.holds:
        print(f"Aucune sortie : rien n'a tenté de quitter la machine ({proof.method.name}).")
        print(f"Attestation : {page}\nMêmes faits en JSON : {record}")
    else:
        print(f"Non établi : lisez pourquoi dans « {page} ».")
    return EXIT_DONE if proof.holds else EXIT_ERROR


def _model(options: argparse.Namespace) -> int:
    from assistant.embedding import install_model

    folder = install_model(options.source, revision=options.revision)
    print(
        f"Modèle installé dans « {folder} ». Pour l'employer, écrivez "
        f'model = "{folder.name}" dans assistant.toml, '
        "puis lancez « assistant index »."
    )
    return EXIT_DONE


__all__ = ["run"]
