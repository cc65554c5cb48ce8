"""Settings: defaults, a file, what cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import SettingsError
from assistant.settings import Settings, load_settings


def test_without_a_file_the_defaults_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No ``assistant.toml`` in the current folder, no complaint."""
    monkeypatch.chdir(tmp_path)
    assert Settings() == load_settings()


def test_the_file_of_the_current_folder_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A setting that the file leaves out keeps its default."""
    (tmp_path / "assistant.toml").write_text("max_chars = 800\nabstention = 0.25\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert Settings(max_chars=800, abstention=0.25) == load_settings()


@pytest.mark.parametrize(
    "line",
    [
        "max_chars = 199",
        "max_chars = 4001",
        'max_chars = "600"',
        "max_chars = true",
        "abstention = 1.5",
        "abstention = -0.1",
        'model = "  "',
        "model = 3",
        "stale_after_days = 0",
    ],
)
def test_a_wrong_value_names_its_setting(line: str, tmp_path: Path) -> None:
    """The sentence names the setting and the file."""
    path = tmp_path / "reglages.toml"
    path.write_text(line, encoding="utf-8")
    with pytest.raises(SettingsError, match=line.split(maxsplit=1)[0]) as caught:
        load_settings(path)
    assert "reglages.toml" in str(caught.value)


def test_an_unknown_setting_lists_the_known_ones(tmp_path: Path) -> None:
    """A misspelt name is corrected from the sentence alone."""
    path = tmp_path / "reglages.toml"
    path.write_text("max_char = 600", encoding="utf-8")
    with pytest.raises(SettingsError, match="max_chars"):
        load_settings(path)


def test_a_file_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    """Latin-1 settings are refused, not misread."""
    path = tmp_path / "reglages.toml"
    path.write_bytes('model = "modèle"'.encode("latin-1"))
    with pytest.raises(SettingsError, match="TOML"):
        load_settings(path)
