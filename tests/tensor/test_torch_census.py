"""Nothing of PyTorch's is forgotten: what is not here is in the ledger, with its reason."""

from typing import Any

import pytest
from torch_census import CHAPTERS, excused, forgotten, missing, needless, public
from torch_ledger import GROUPS

torch: Any = pytest.importorskip("torch")


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_what_is_missing_has_its_reason(chapter: str) -> None:
    assert forgotten(chapter, torch) == []


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_the_ledger_excuses_nothing_that_is_here(chapter: str) -> None:
    assert needless(chapter, torch) == []


def test_no_name_has_two_reasons() -> None:
    for chapter in CHAPTERS:
        names = [name for chapters in GROUPS.values() for name in chapters.get(chapter, "").split()]
        assert sorted(set(names)) == sorted(names)


def test_most_of_pytorch_is_here() -> None:
    counts = {chapter: (len(public(chapter, torch)), len(missing(chapter, torch))) for chapter in CHAPTERS}
    assert counts["Tensor"][1] < 60
    assert counts["torch"][0] - counts["torch"][1] > 600
    assert all(counts[chapter][1] < 5 for chapter in ("linalg", "fft", "special")), counts


def test_each_reason_is_told() -> None:
    assert all(len(reason) > 20 for chapter in CHAPTERS for reason in excused(chapter).values())
