"""Settings, read from ``assistant.toml``."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.chunking import MAX_CHARS
from assistant.embedding import DEFAULT_MODEL
from assistant.errors import SettingsError

DEFAULT_FILE = Path("assistant.toml")


@dataclass(frozen=True, slots=True)
class Settings:
    """What an administrator may choose.

    Attributes:
        model: Embedding model: a shipped one, a folder, or an installed package's.
        max_chars: Length of a passage, in characters.
        abstention: Confidence under which the assistant abstains, from 0 to 1; None for the
            calibrated point.
        stale_after_days: Age, in days, from which a source is marked as old in the page.
    """

    model: str = DEFAULT_MODEL
    max_chars: int = MAX_CHARS
    abstention: float | None = None
    stale_after_days: int = 540


def _check(name: str, value: Any, path: Path) -> Any:
    """Return *value* if it fits the setting *name*.

    Raises:
        SettingsError: It does not.
    """
    rules: dict[str, tuple[type | tuple[type, ...], str, Any]] = {
        "model": (str, "un nom ou un dossier", lambda v: bool(v.strip())),
        "max_chars": (int, "un entier de 200 à 4000", lambda v: 200 <= v <= 4000),
        "abstention": ((int, float), "un nombre de 0 à 1", lambda v: 0 <= v <= 1),
        "stale_after_days": (int, "un nombre de jours positif", lambda v: v > 0),
    }
    kind, wanted, holds = rules[name]
    if not isinstance(value, kind) or isinstance(value, bool) or not holds(value):
        message = f"Le réglage « {name} » du fichier « {path} » doit être {wanted} : corrigez-le."
        raise SettingsError(message, path=path)
    return value


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
    known = {f.name for f in dataclasses.fields(Settings)}
    for name in loaded:
        if name not in known:
            message = (
                f"Le réglage « {name} » du fichier « {path} » n'existe pas "
                f"(réglages connus : {', '.join(sorted(known))}) : corrigez ou retirez-le."
            )
            raise SettingsError(message, path=path)
    return Settings(**{name: _check(name, value, path) for name, value in loaded.items()})
