"""The options of what concerns people: accounts, what is kept of them, its erasure."""

from __future__ import annotations

from argparse import SUPPRESS, ArgumentParser, _SubParsersAction
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_PLACES = {
    "--corpus": "dossier des documents",
    "--index": "dossier de l'index",
    "--config": "fichier de réglages",
}
_Parser = TypeVar("_Parser", bound=ArgumentParser)


def add_people_commands(command: Callable[[str, str], _Parser]) -> None:
    """Add ``user``, ``history``, ``log`` and ``purge``.

    Args:
        command: Adds a command of a name and a description, and returns its parser.
    """
    _add_user(command("user", "gérer les comptes qui donnent accès au serveur"))
    history = command("history", "lire ce qui est conservé d'une personne")
    actions = _actions(history)
    export = _action(
        actions, "export", "écrire tout ce qui est conservé d'une personne, en JSON, une ligne par objet"
    )
    export.add_argument(
        "name", metavar="NOM", help="le compte ; « local » pour un serveur sans compte, sur cette machine"
    )
    log = command("log", "écrire le journal des accès, en JSON, une ligne par accès")
    del log
    purge = command("purge", "effacer ce qui a dépassé sa durée de conservation")
    purge.add_argument(
        "--user",
        metavar="NOM",
        help="effacer les questions, réponses et avis de cette personne",
    )
    purge.add_argument(
        "--access-log",
        action="store_true",
        help="avec --user : effacer aussi ses accès du journal de sécurité",
    )


def add_tls_options(serve: ArgumentParser) -> None:
    """Add the two TLS files to ``serve``."""
    serve.add_argument(
        "--certfile", metavar="FICHIER", help="certificat TLS au format PEM (remplace celui des réglages)"
    )
    serve.add_argument("--keyfile", metavar="FICHIER", help="clé du certificat, au format PEM")


def _actions(parser: _Parser) -> _SubParsersAction[_Parser]:
    return parser.add_subparsers(
        dest="action", metavar="ACTION", title="Actions", parser_class=type(parser), required=True
    )


def _action(actions: _SubParsersAction[_Parser], name: str, text: str) -> _Parser:
    added = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    # Those of every command, after the action too; without defaults, which would take back what
    # stands before it.
    for option, kind in (("--corpus", "DOSSIER"), ("--index", "DOSSIER"), ("--config", "FICHIER")):
        added.add_argument(option, type=Path, default=SUPPRESS, metavar=kind, help=_PLACES[option])
    return added


def _add_user(parser: ArgumentParser) -> None:
    actions = _actions(parser)
    add = _action(actions, "add", "créer un compte")
    password = _action(actions, "password", "changer un mot de passe ; les sessions ouvertes se ferment")
    for made in (add, password):
        made.add_argument("name", metavar="NOM", help="le nom du compte")
        made.add_argument(
            "--password-stdin",
            action="store_true",
            help="lire le mot de passe sur l'entrée standard au lieu de le demander deux fois",
        )
    _action(actions, "list", "lister les comptes")
    remove = _action(actions, "remove", "supprimer un compte, ses sessions et ses jetons")
    remove.add_argument("name", metavar="NOM", help="le nom du compte")
    token = _action(actions, "token", "créer un jeton « Bearer » pour les programmes d'un compte")
    token.add_argument("name", metavar="NOM", help="le nom du compte")
    token.add_argument("--revoke", action="store_true", help="révoquer tous les jetons du compte")
