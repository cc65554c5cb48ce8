"""Accounts, what is kept of people, its export and its erasure."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from pathlib import Path

from assistant.access import LOCAL, MIN_CHARS, Accounts
from assistant.access.accounts import account_name
from assistant.cli.parser import EXIT_DONE, EXIT_USAGE
from assistant.errors import AccountError
from assistant.records import Records
from assistant.settings import load_settings


def manage_user(options: argparse.Namespace) -> int:
    """Run an action of ``assistant user``."""
    accounts = Accounts(Path(load_settings(options.config).data_dir))
    if options.action == "list":
        return _list(accounts)
    if options.action == "remove":
        name = accounts.remove(options.name)
        print(
            f"Compte supprimé : {name}. Pour effacer ce qui est conservé : « assistant purge --user {name} »."
        )
    elif options.action == "token":
        _token(accounts, options)
    elif options.action == "add":
        account = accounts.add(account_name(options.name), _password(options))
        print(f"Compte créé : {account.name}. Le serveur demande désormais une connexion.")
    else:
        accounts.set_password(options.name, _password(options))
        print("Mot de passe changé. Les sessions ouvertes se ferment ; les jetons restent.")
    return EXIT_DONE


def export_history(options: argparse.Namespace) -> int:
    """Write what is kept of one person."""
    for row in _records(options).export(_person(options.name)):
        print(json.dumps(row, ensure_ascii=False))
    return EXIT_DONE


def write_log(options: argparse.Namespace) -> int:
    """Write the access log."""
    for row in _records(options).accesses():
        print(json.dumps(row, ensure_ascii=False))
    return EXIT_DONE


def purge(options: argparse.Namespace) -> int:
    """Erase what has passed its days, or what is kept of one person."""
    if options.access_log and options.user is None:
        print("assistant purge : --access-log va avec --user NOM.", file=sys.stderr)
        return EXIT_USAGE
    records = _records(options)
    if options.user is None:
        done = records.purge()
    else:
        done = records.erase(_person(options.user), accesses=options.access_log)
    print(f"Effacé : {done.history} questions, {done.feedback} avis, {done.access} accès.")
    return EXIT_DONE


def _records(options: argparse.Namespace) -> Records:
    settings = load_settings(options.config)
    return Records(Path(settings.data_dir), settings.records)


def _person(name: str) -> str:
    return LOCAL if name.strip().casefold() == LOCAL else account_name(name)


def _list(accounts: Accounts) -> int:
    for account in accounts.everyone():
        print(f"{account.name}\tcréé le {account.created}\tjetons : {account.tokens}")
    if not accounts.exist():
        print("Aucun compte : le serveur ne répond qu'à cette machine, sans connexion.", file=sys.stderr)
    return EXIT_DONE


def _token(accounts: Accounts, options: argparse.Namespace) -> None:
    if options.revoke:
        print(f"Jetons révoqués : {accounts.revoke_tokens(options.name)}.")
        return
    token = accounts.add_token(options.name)
    print("Ce jeton ne sera plus affiché. En-tête : « Authorization: Bearer JETON ».", file=sys.stderr)
    print(token)


def _password(options: argparse.Namespace) -> str:
    """Return the password that is typed, or piped.

    Raises:
        AccountError: Nothing can be typed here, or the two differ.
    """
    if options.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        message = (
            "Aucun terminal où demander le mot de passe : passez-le par l’entrée standard (--password-stdin)."
        )
        raise AccountError(message)
    password = getpass.getpass(f"Mot de passe ({MIN_CHARS} caractères au moins) : ")
    if getpass.getpass("Le même, de nouveau : ") != password:
        message = "Les deux mots de passe diffèrent : recommencez."
        raise AccountError(message)
    return password
