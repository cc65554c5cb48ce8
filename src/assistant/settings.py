"""Settings, read from ``assistant.toml``."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.chunking import MAX_CHARS
from assistant.embedding import DEFAULT_MODEL
from assistant.errors import SettingsError
from assistant.milvus import MilvusSettings

DEFAULT_FILE = Path("assistant.toml")


@dataclass(frozen=True, slots=True)
class LlmSettings:
    """A language model on the premises, behind an OpenAI-compatible address.

    Attributes:
        base_url: Address, its path included ("http://127.0.0.1:11434/v1").
        model: Name of the model, as that server knows it.
        api_key_env: Environment variable that holds the key, or None where none is asked.
        timeout_s: Seconds after which the quoted answer is given instead.
        max_tokens: Most tokens that the model may write.
        temperature: 0 for the same answer to the same question.
        allowed_hosts: Names, addresses or networks of the organisation that may be called.
        prompt: File of instructions that replaces the shipped one, or None.
        rewrite: Whether the model may also reword a question that goes on from another.
        mask: Whether personal data in a question are masked before the model reads it.
    """

    base_url: str
    model: str
    api_key_env: str | None = None
    timeout_s: float = 20.0
    max_tokens: int = 600
    temperature: float = 0.0
    allowed_hosts: tuple[str, ...] = ()
    prompt: str | None = None
    rewrite: bool = False
    mask: bool = True


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How the server is reached by others than this machine.

    Attributes:
        allowed_hosts: Names under which it answers beside those of this machine.
        trusted_proxies: Addresses or networks whose forwarding headers are believed.
        certfile: Certificate chain, PEM; with *keyfile*, the server speaks TLS itself.
        keyfile: Its private key, PEM, without a passphrase.
        session_hours: Hours after which one must log in again.
        requests_per_minute: Most requests of one client, assets included, where accounts exist.
        questions_per_minute: Most questions, searches and uploads of one client.
        concurrent_questions: Most of them that one client may have under way.
    """

    allowed_hosts: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    certfile: str | None = None
    keyfile: str | None = None
    session_hours: int = 8
    requests_per_minute: int = 1200
    questions_per_minute: int = 60
    concurrent_questions: int = 8


@dataclass(frozen=True, slots=True)
class RecordSettings:
    """What is kept on disk of what people do: nothing, unless the administrator says so.

    Attributes:
        history: Whether questions and answers are kept.
        feedback: Whether the page asks if an answer was useful, and keeps the replies.
        days: Days after which both are erased.
        access_log: Whether accesses are kept: who, when, which route; no content.
        access_log_days: Days after which they are erased. The CNIL recommends six months to a year
            (délibération n° 2021-122 du 14 octobre 2021); six months is the least.
    """

    history: bool = False
    feedback: bool = False
    days: int = 30
    access_log: bool = False
    access_log_days: int = 180


@dataclass(frozen=True, slots=True)
class Settings:
    """What an administrator may choose.

    Attributes:
        model: Embedding model: a shipped one, a folder, or an installed package's.
        max_chars: Length of a passage, in characters.
        abstention: Confidence under which the assistant abstains, from 0 to 1; None for the
            calibrated point.
        stale_after_days: Age, in days, from which a source is marked as old in the page.
        source_links: Whether the address of a primary source opens at a click; else it can only be copied.
        uploads: Whether documents may be added, replaced and removed from the page.
        watch: Whether ``serve`` follows the corpus and rebuilds after each change.
        llm: Language model that may write the answers, or None.
        data_dir: Folder of the accounts and of what is kept; made when first needed.
        server: How the server is reached by others.
        records: What is kept of what people do.
        store: Where the index's rows are: "faiss", in the index folder, or "milvus".
        milvus: The Milvus server on the premises; used where *store* says so.
    """

    model: str = DEFAULT_MODEL
    max_chars: int = MAX_CHARS
    abstention: float | None = None
    stale_after_days: int = 540
    source_links: bool = True
    uploads: bool = False
    watch: bool = False
    llm: LlmSettings | None = None
    data_dir: str = "donnees"
    server: ServerSettings = ServerSettings()
    records: RecordSettings = RecordSettings()
    store: str = "faiss"
    milvus: MilvusSettings | None = None

    @property
    def remote(self) -> MilvusSettings | None:
        """The server that holds the index's rows, or None where they are in the index folder."""
        return self.milvus if self.store == "milvus" else None


_Rule = tuple[type | tuple[type, ...], str, Callable[[Any], bool]]

_RULES: dict[str, _Rule] = {
    "model": (str, "un nom ou un dossier", lambda v: bool(v.strip())),
    "max_chars": (int, "un entier de 200 à 4000", lambda v: 200 <= v <= 4000),
    "abstention": ((int, float), "un nombre de 0 à 1", lambda v: 0 <= v <= 1),
    "stale_after_days": (int, "un nombre de jours positif", lambda v: v > 0),
    "source_links": (bool, "true ou false", lambda _: True),
    "uploads": (bool, "true ou false", lambda _: True),
    "watch": (bool, "true ou false", lambda _: True),
    "data_dir": (str, "un dossier", lambda v: bool(v.strip())),
    "store": (str, "« faiss » ou « milvus »", lambda v: v in {"faiss", "milvus"}),
}
_LLM_RULES: dict[str, _Rule] = {
    "base_url": (str, "une adresse http:// ou https://", lambda v: v.startswith(("http://", "https://"))),
    "model": (str, "le nom du modèle sur ce serveur", lambda v: bool(v.strip())),
    "api_key_env": (str, "le nom d'une variable d'environnement", str.isidentifier),
    "timeout_s": ((int, float), "un nombre de secondes de 1 à 300", lambda v: 1 <= v <= 300),
    "max_tokens": (int, "un entier de 16 à 8192", lambda v: 16 <= v <= 8192),
    "temperature": ((int, float), "un nombre de 0 à 2", lambda v: 0 <= v <= 2),
    "allowed_hosts": (
        list,
        "une liste de noms, d'adresses ou de réseaux",
        lambda v: all(isinstance(x, str) and x.strip() for x in v),
    ),
    "prompt": (str, "un fichier de consignes", lambda v: bool(v.strip())),
    "rewrite": (bool, "true ou false", lambda _: True),
    "mask": (bool, "true ou false", lambda _: True),
}
_MILVUS_RULES: dict[str, _Rule] = {
    "uri": (str, "l'adresse d'un serveur Milvus ou un fichier « .db »", lambda v: bool(v.strip())),
    "token_env": (str, "le nom d'une variable d'environnement", str.isidentifier),
    "prefix": (
        str,
        "un nom de 1 à 64 lettres sans accent, chiffres ou « _ », qui commence par une lettre",
        lambda v: re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", v) is not None,
    ),
    "database": (str, "le nom d'une base de Milvus", lambda v: bool(v.strip())),
    "allowed_hosts": (
        list,
        "une liste de noms, d'adresses ou de réseaux",
        lambda v: all(isinstance(x, str) and x.strip() for x in v),
    ),
    "ca_file": (str, "un fichier de certificats", lambda v: bool(v.strip())),
}
_PER_MINUTE: _Rule = (int, "un entier de 1 à 100000", lambda v: 1 <= v <= 100_000)
_SERVER_RULES: dict[str, _Rule] = {
    "allowed_hosts": (list, "une liste de noms, sans port", lambda v: all(map(_is_host_name, v))),
    "trusted_proxies": (list, "une liste d'adresses ou de réseaux", lambda v: all(map(_is_network, v))),
    "certfile": (str, "un fichier de certificat", lambda v: bool(v.strip())),
    "keyfile": (str, "un fichier de clé", lambda v: bool(v.strip())),
    "session_hours": (int, "un nombre d'heures de 1 à 168", lambda v: 1 <= v <= 168),
    "requests_per_minute": _PER_MINUTE,
    "questions_per_minute": _PER_MINUTE,
    "concurrent_questions": (int, "un entier de 1 à 128", lambda v: 1 <= v <= 128),
}
_DAYS: _Rule = (int, "un nombre de jours de 1 à 3650", lambda v: 1 <= v <= 3650)
_RECORD_RULES: dict[str, _Rule] = {
    "history": (bool, "true ou false", lambda _: True),
    "feedback": (bool, "true ou false", lambda _: True),
    "days": _DAYS,
    "access_log": (bool, "true ou false", lambda _: True),
    "access_log_days": _DAYS,
}


def _is_host_name(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9._:-]{1,253}", value) is not None


def _is_network(value: Any) -> bool:
    # Not "*": that would let anyone say who they are.
    try:
        return isinstance(value, str) and ipaddress.ip_network(value).prefixlen > 0
    except ValueError:
        return False


def _check(name: str, value: Any, rule: _Rule, path: Path) -> Any:
    """Return *value* if it fits the setting *name*.

    Raises:
        SettingsError: It does not.
    """
    kind, wanted, holds = rule
    # A boolean is an int in Python, never in a settings file.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool) or not holds(value):
        message = f"Le réglage « {name} » du fichier « {path} » doit être {wanted} : corrigez-le."
        raise SettingsError(message, path=path)
    return tuple(value) if isinstance(value, list) else value


def _known(loaded: dict[str, Any], known: Collection[str], path: Path, *, prefix: str = "") -> None:
    """Do nothing if every setting exists.

    Raises:
        SettingsError: One does not.
    """
    for name in loaded:
        if name not in known:
            message = (
                f"Le réglage « {prefix}{name} » du fichier « {path} » n'existe pas "
                f"(réglages connus : {', '.join(sorted(known))}) : corrigez ou retirez-le."
            )
            raise SettingsError(message, path=path)


def _table(value: Any, table: str, rules: dict[str, _Rule], path: Path) -> dict[str, Any]:
    """Return the settings of the table *table*.

    Raises:
        SettingsError: It is not a table, or one of its settings is unknown or wrong.
    """
    if not isinstance(value, dict):
        message = f"Le réglage « {table} » du fichier « {path} » doit être une table [{table}] : corrigez-le."
        raise SettingsError(message, path=path)
    _known(value, rules, path, prefix=f"{table}.")
    return {name: _check(f"{table}.{name}", v, rules[name], path) for name, v in value.items()}


def _llm(value: Any, path: Path) -> LlmSettings:
    """Return the settings of the table ``[llm]``.

    Raises:
        SettingsError: It is not a table, one of its settings is wrong, or the address or model is missing.
    """
    found = _table(value, "llm", _LLM_RULES, path)
    for name in ("base_url", "model"):
        if name not in found:
            message = (
                f"La table [llm] du fichier « {path} » n'a pas de réglage « {name} » : "
                "ajoutez-le, ou retirez la table."
            )
            raise SettingsError(message, path=path)
    return LlmSettings(**found)


def _milvus(loaded: dict[str, Any], path: Path) -> MilvusSettings | None:
    """Return the settings of the table ``[milvus]``.

    Raises:
        SettingsError: One of its settings is wrong, or the address is missing.
    """
    if loaded.get("store") == "milvus" and "milvus" not in loaded:
        message = (
            f'Le réglage store = "milvus" du fichier « {path} » demande une table [milvus] '
            "avec l'adresse « uri » : ajoutez-la, ou retirez le réglage."
        )
        raise SettingsError(message, path=path)
    if "milvus" not in loaded:
        return None
    found = _table(loaded["milvus"], "milvus", _MILVUS_RULES, path)
    if "uri" not in found:
        message = (
            f"La table [milvus] du fichier « {path} » n'a pas de réglage « uri » : "
            "ajoutez-le, ou retirez la table."
        )
        raise SettingsError(message, path=path)
    return MilvusSettings(**found)


def _server(value: Any, path: Path) -> ServerSettings:
    """Return the settings of the table ``[server]``.

    Raises:
        SettingsError: One of its settings is wrong, or one of the two TLS files is missing.
    """
    found = ServerSettings(**_table(value, "server", _SERVER_RULES, path))
    if (found.certfile is None) != (found.keyfile is None):
        message = (
            f"La table [server] du fichier « {path} » doit donner « certfile » et « keyfile » ensemble : "
            "ajoutez celui qui manque, ou retirez l'autre."
        )
        raise SettingsError(message, path=path)
    return found


def load_settings(path: Path | None = None) -> Settings:
    """Return the settings of *path*, or of ``assistant.toml`` where it exists.

    Raises:
        SettingsError: The file is missing, is not TOML, or a setting is unknown or wrong.
    """
    if path is None:
        if not DEFAULT_FILE.is_file():
            return Settings()
        path = DEFAULT_FILE
    try:
        loaded = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        message = (
            f"Le fichier de réglages « {path} » ne peut pas être lu : vérifiez son chemin et ses droits."
        )
        raise SettingsError(message, path=path) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        message = f"Le fichier de réglages « {path} » n'est pas du TOML valide ({error}) : corrigez-le."
        raise SettingsError(message, path=path) from error
    _known(loaded, {f.name for f in dataclasses.fields(Settings)}, path)
    plain = {
        name: _check(name, value, _RULES[name], path) for name, value in loaded.items() if name in _RULES
    }
    return Settings(
        **plain,
        llm=_llm(loaded["llm"], path) if "llm" in loaded else None,
        server=_server(loaded.get("server", {}), path),
        milvus=_milvus(loaded, path),
        records=RecordSettings(**_table(loaded.get("records", {}), "records", _RECORD_RULES, path)),
    )
