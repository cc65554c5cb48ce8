"""YAML, read by the C parser where there is one: questions files are long."""

from __future__ import annotations

from typing import Any

import yaml

# Ten times as fast, and with a bound on nesting (libyaml's MAX_NESTING_LEVEL).
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class YamlError(ValueError):
    """The text is not YAML that can be read."""


def load_yaml(text: str) -> Any:
    """Return what the YAML *text* holds: plain values, lists and mappings only.

    Raises:
        YamlError: It is not YAML, holds a date that does not exist, or nests without end.
    """
    try:
        return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, whichever it is
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise YamlError(str(error)) from error
