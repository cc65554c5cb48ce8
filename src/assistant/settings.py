"""Settings, read from ``assistant.toml``."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.chunking import MAX_CHARS
from assistant.embedding import DEFAULT_MODEL
from assistant.errors import SettingsError

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


@dataclass(frozen=True, slots=True)
class Settings:
    """What an administrator may choose.

    Attributes:
        model: Embedding model: a shipped one, a folder, or an installed package's.
        max_chars: Length of a passage, in characters.
        abstention: Confidence under which the assistant abstains, from 0 to 1; None for the
            calibrated point.
        stale_after_days: Age, in days, from which a source is marked as old in the page.
        llm: Language model that may write the answers, or None.
    """

    model: str = DEFAULT_MODEL
    max_chars: int = MAX_CHARS
    abstention: float | None = None
    stale_after_days: int = 540
    llm: LlmSettings | None = None


_Rule = tuple[type | tuple[type, ...], str, Callable[[Any], bool]]

_RULES: dict[str, _Rule] = {
    "model": (str, "un nom ou un dossier", lambda v: bool(v.strip())),
    "max_chars": (int, "un entier de 200 à 4000", lambda v: 200 <= v <= 4000),
    "abstention": ((int, float), "un nombre de 0 à 1", lambda v: 0 <= v <= 1),
    "stale_after_days": (int, "un nombre de jours positif", lambda v: v > 0),
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
}


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


def _llm(value: Any, path: Path) -> LlmSettings:
    """Return the settings of the table ``[llm]``.

    Raises:
        SettingsError: It is not a table, one of its settings is wrong, or the address or model is missing.
    """
    if not isinstance(value, dict):
        message = f"Le réglage « llm » du fichier « {path} » doit être une table [llm] : corrigez-le."
        raise SettingsError(message, path=path)
    _known(value, _LLM_RULES, path, prefix="llm.")
    for name in ("base_url", "model"):
        if name not in value:
            message = (
                f"La table [llm] du fichier « {path} » n'a pas de réglage « {name} » : "
                "ajoutez-le, ou retirez la table."
            )
            raise SettingsError(message, path=path)
    return LlmSettings(
        **{name: _check(f"llm.{name}", v, _LLM_RULES[name], path) for name, v in value.items()}
    )


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
    plain = {name: _check(name, value, _RULES[name], path) for name, value in loaded.items() if name != "llm"}
    return Settings(**plain, llm=_llm(loaded["llm"], path) if "llm" in loaded else None)
