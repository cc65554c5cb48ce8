"""The commands and their options, in French."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NoReturn

from assistant.cli.people_options import add_people_commands, add_tls_options

EXIT_DONE, EXIT_ERROR, EXIT_USAGE, EXIT_THRESHOLDS, EXIT_ABSTAINED = 0, 1, 2, 3, 4


class _Formatter(argparse.HelpFormatter):
    """Help with French headings."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "Usage : " if prefix is None else prefix)


class Parser(argparse.ArgumentParser):
    """An argument parser that speaks French."""

    def __init__(self, **options: Any) -> None:
        """Set French headings and the help option."""
        super().__init__(add_help=False, formatter_class=_Formatter, allow_abbrev=False, **options)
        self._positionals.title = "Arguments"
        self._optionals.title = "Options"
        self.add_argument("-h", "--help", action="help", help="afficher cette aide et quitter")

    def error(self, message: str) -> NoReturn:
        """Print the error and how to get help; exit 2."""
        self.exit(EXIT_USAGE, f"{self.prog} : {_french(message)}\nAide : {self.prog} --help\n")


_TRANSLATIONS = (
    ("the following arguments are required: ", "arguments manquants : "),
    ("unrecognized arguments: ", "arguments inconnus : "),
    ("invalid choice: ", "choix invalide : "),
    (" (choose from ", " (choix possibles : "),
    ("expected one argument", "une valeur est attendue"),
    ("expected at least one argument", "au moins une valeur est attendue"),
    ("invalid int value: ", "nombre entier attendu, reçu : "),
    ("invalid port value: ", "port attendu (1 à 65535), reçu : "),
    ("invalid count value: ", "nombre positif attendu, reçu : "),
    ("not allowed with argument", "ne va pas avec l'argument"),
    ("argument ", "argument "),
)


def _french(message: str) -> str:
    for english, french in _TRANSLATIONS:
        message = message.replace(english, french)
    return message


def port(text: str) -> int:
    """Return a TCP port.

    Raises:
        ValueError: *text* is not one.
    """
    number = int(text)
    if not 1 <= number <= 65535:
        raise ValueError(text)
    return number


def count(text: str) -> int:
    """Return a positive number.

    Raises:
        ValueError: *text* is not one.
    """
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _common(parser: Parser) -> None:
    parser.add_argument(
        "--corpus",
        type=Path,
        default=Path("corpus"),
        metavar="DOSSIER",
        help="dossier des documents (par défaut : corpus/)",
    )
    parser.add_argument(
        "--index",
        type=Path,
        default=Path("index"),
        metavar="DOSSIER",
        help="dossier de l'index (par défaut : index/)",
    )
    parser.add_argument(
        "--config",
        type=Path,
        default=None,
        metavar="FICHIER",
        help="fichier de réglages (par défaut : assistant.toml s'il existe)",
    )


def build_parser() -> Parser:
    """Return the parser of every command."""
    parser = Parser(
        prog="assistant",
        description="Assistant du dossier : des réponses citées sur les fournisseurs d'IA, sans que rien ne quitte la machine.",
    )
    parser.add_argument("--version", action="store_true", help="afficher la version et quitter")
    commands = parser.add_subparsers(
        dest="command", metavar="COMMANDE", title="Commandes", parser_class=Parser
    )

    def command(name: str, text: str) -> Parser:
        added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        _common(added)
        return added

    serve = command("serve", "ouvrir le dialogue dans le navigateur")
    serve.add_argument(
        "--host", default="127.0.0.1", metavar="ADRESSE", help="adresse d'écoute (par défaut : 127.0.0.1)"
    )
    serve.add_argument(
        "--port", type=port, default=7860, metavar="PORT", help="port d'écoute (par défaut : 7860)"
    )
    serve.add_argument(
        "--watch", action="store_true", help="suivre le dossier et réindexer à chaque modification"
    )

    add_tls_options(serve)

    index = command("index", "mettre l'index à jour avec les documents")
    index.add_argument("--full", action="store_true", help="tout refaire, même ce qui n'a pas changé")
    index.add_argument(
        "--watch", action="store_true", help="rester à l'écoute et réindexer à chaque modification"
    )
    index.add_argument("--rollback", action="store_true", help="revenir à l'index précédent")
    index.add_argument("--json", action="store_true", help="rapport en JSON")

    ask = command("ask", "poser une question")
    ask.add_argument("question", nargs="?", help="la question, entre guillemets")
    ask.add_argument(
        "--history",
        action="append",
        default=[],
        metavar="QUESTION",
        help="question précédente de la conversation (option répétable, la plus ancienne d'abord)",
    )
    ask.add_argument(
        "--batch", type=Path, metavar="FICHIER", help="fichier JSONL de questions, une par ligne"
    )
    ask.add_argument("--json", action="store_true", help="réponse en JSON")

    search = command("search", "chercher des documents et des passages, sans réponse")
    search.add_argument("query", nargs="?", metavar="recherche", help="les mots cherchés, entre guillemets")
    search.add_argument(
        "-k", type=count, default=10, metavar="N", help="nombre de résultats (par défaut : 10)"
    )
    search.add_argument(
        "--batch", type=Path, metavar="FICHIER", help="fichier JSONL de recherches, une par ligne"
    )
    search.add_argument("--json", action="store_true", help="résultats en JSON")

    evaluate = command("eval", "mesurer la qualité des réponses")
    evaluate.add_argument(
        "--questions",
        type=Path,
        default=None,
        metavar="FICHIER",
        help="questions d'évaluation (fichier ou dossier ; par défaut : eval/questions)",
    )
    evaluate.add_argument(
        "--beir",
        type=Path,
        metavar="DOSSIER",
        help="dossier au format BEIR (corpus.jsonl, queries.jsonl, qrels/test.tsv)",
    )
    evaluate.add_argument(
        "--thresholds",
        type=Path,
        default=None,
        metavar="FICHIER",
        help="seuils à tenir (par défaut : eval/thresholds.toml s'il existe)",
    )
    evaluate.add_argument("--json", action="store_true", help="mesures en JSON")
    evaluate.add_argument("--report", type=Path, metavar="DOSSIER", help="dossier où écrire le rapport")

    check = command("check", "vérifier le corpus, l'index, le modèle et l'absence de réseau")
    check.add_argument("--json", action="store_true", help="résultat en JSON")
    check.add_argument(
        "--reseau",
        action="store_true",
        help="prouver que rien ne sort de la machine : essai complet surveillé, attestation écrite",
    )
    check.add_argument(
        "--methode",
        choices=("auto", "espace", "garde"),
        default="auto",
        metavar="MÉTHODE",
        help="avec --reseau : auto, espace (espace de noms sans route, Linux) ou garde (refus dans Python)",
    )
    check.add_argument(
        "--rapport",
        type=Path,
        default=Path(),
        metavar="DOSSIER",
        help="avec --reseau : dossier où écrire l'attestation (par défaut : le dossier courant)",
    )

    add_people_commands(command)

    model = command("model", "gérer le modèle de langue vectoriel")
    actions = model.add_subparsers(
        dest="action", metavar="ACTION", title="Actions", parser_class=Parser, required=True
    )
    install = actions.add_parser(
        "install",
        help="installer un modèle depuis un dossier, ou le télécharger si un nom est donné",
        description="Installer un modèle : copie d'un dossier, ou téléchargement d'un nom (seule commande qui utilise le réseau).",
    )
    install.add_argument(
        "source",
        metavar="CHEMIN|NOM",
        help="dossier d'un modèle sentence-transformers, ou nom sur un dépôt de modèles",
    )
    install.add_argument("--revision", metavar="RÉVISION", help="révision exacte à télécharger")
    return parser
