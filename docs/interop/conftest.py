"""The pages are run as tests; one about a library that is not installed is skipped."""

import pytest

#: What the pages need beside the project's own dependencies.
NEEDS = {
    "scipy": ("scipy",),
    "scikit_learn": ("sklearn",),
    "matplotlib": ("matplotlib",),
    "labels": ("xarray", "pandas"),
    "pytorch": ("torch",),
    "jax": ("jax",),
}


@pytest.fixture(autouse=True)
def libraries(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip a page whose libraries are missing; draw without a screen."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    for library in NEEDS.get(request.path.stem, ()):
        pytest.importorskip(library, reason=f"{request.path.name} is about {library}, which is not installed")
