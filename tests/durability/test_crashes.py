"""A rebuild that is killed leaves the old index or the new one, whole; never a mixture, never none."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from assistant.store import rebuild
from crashing import die_at, die_at_write, in_child, state, update
from samples import FakeEncoder

SIZE = 40


class Edited:
    """A corpus, its index, and an edit that the index does not know yet."""

    def __init__(self, folder: Path) -> None:
        """Write both to *folder*."""
        self.corpus, self.index = folder / "corpus", folder / "index"
        self.corpus.mkdir()
        for number in range(SIZE):
            text = f"# Note {number}\n\nUne phrase. Une autre phrase, de chiffre {number}.\n"
            (self.corpus / f"note-{number:02}.md").write_text(text, encoding="utf-8")
        self.turn = 0
        code, said = in_child(lambda: update(self.corpus, self.index))
        assert code == 0, said
        self.known = [state(self.index)]

    def edit(self) -> None:
        """Change, remove and add a document."""
        self.turn += 1
        text = f"# Note\n\nUne conversation neuve, la {self.turn}.\n"
        (self.corpus / "note-07.md").write_text(text, encoding="utf-8")
        (self.corpus / f"ajout-{self.turn}.md").write_text(text, encoding="utf-8")
        (self.corpus / f"ajout-{self.turn - 1}.md").unlink(missing_ok=True)

    def settle(self) -> Any:
        """Bring the index up to date unharmed; return its state."""
        code, said = in_child(lambda: update(self.corpus, self.index))
        assert code == 0, said
        return state(self.index)


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    """Return a corpus of forty notes and its index."""
    return Edited(tmp_path)


def test_killed_at_every_named_step(edited: Edited) -> None:
    """Reading, vectors, words, putting in service: the old state or the new."""
    old = edited.known[0]
    edited.edit()

    def killed_at(number: int) -> int:
        step = die_at(number)

        def action() -> None:
            rebuild(edited.corpus, edited.index, FakeEncoder(), max_chars=200, progress=lambda *_: step())

        return in_child(action)[0]

    number, ends = 0, []
    # Documents are named one by one: one in thirteen will do.
    while (code := killed_at(number)) != 0:
        assert code == -9
        ends.append(state(edited.index) == old)
        number += 1 if number > SIZE - 2 else 13
    new = state(edited.index)
    assert new != old
    assert len(ends) > 5
    assert all(ends), "nothing is in service before the last step is over"


def test_killed_at_writes(edited: Edited) -> None:
    """Before an fsync, a rename, a link, a deletion: the old state or the new, and the next run ends well.

    One in eleven of them; ``benchmarks/crashes.py`` does them all.
    """
    old = edited.known[0]
    edited.edit()
    ends, number = [], 0

    def killed_at(number: int) -> int:
        def action() -> None:
            die_at_write(number)
            update(edited.corpus, edited.index)

        return in_child(action)[0]

    while (code := killed_at(number)) != 0:
        assert code == -9
        ends.append(state(edited.index))
        number += 11
    new = edited.settle()
    assert len(ends) > 5
    assert all(end in (old, new) for end in ends)
    assert ends[0] == old


def test_killed_at_random_moments(edited: Edited) -> None:
    """Twelve times, each after another edit; benchmarks/crashes.py does it two hundred times."""
    draw = random.Random(7)  # noqa: S311 - moments, not secrets
    for _ in range(12):
        old = state(edited.index)
        edited.edit()
        moment = draw.uniform(0, 0.4)
        in_child(lambda: update(edited.corpus, edited.index), kill_after_s=moment)
        found = state(edited.index)
        assert found in (old, edited.settle())


def test_what_the_dead_leave_is_cleared_away(edited: Edited) -> None:
    """Torn builds do not pile up."""
    edited.edit()
    for number in (5, 15):

        def action(number: int = number) -> None:
            die_at_write(number)
            update(edited.corpus, edited.index)

        assert in_child(action)[0] == -9
    edited.settle()
    assert len(list((edited.index / "builds").iterdir())) == 2
