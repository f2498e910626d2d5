"""The estimator of docs/interop/scikit_learn.md passes scikit-learn's own checks."""

import doctest
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("sklearn")
from sklearn.utils.estimator_checks import check_estimator

PAGE = Path(__file__).parent.parent / "docs" / "interop" / "scikit_learn.md"


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The page's code up to its class, as a module, since the checks pickle the estimator."""
    module = types.ModuleType("robust_regressor")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    for example in doctest.DocTestParser().get_examples(PAGE.read_text()):
        exec(example.source, module.__dict__)
        if hasattr(module, "RobustRegressor"):
            break
    return module


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::sklearn.exceptions.SkipTestWarning")
def test_checks_of_scikit_learn(page: Any) -> None:
    results = check_estimator(page.RobustRegressor(), on_skip=None)
    assert len(results) > 30
    assert {result["status"] for result in results} <= {"passed", "skipped"}


def test_optimum_of_the_estimator(page: Any, rng: np.random.Generator) -> None:
    X, y = rng.normal(size=(50, 3)), rng.normal(size=50)
    model = page.RobustRegressor(alpha=0.1).fit(X, y)

    def loss(coef: Any, intercept: Any) -> float:
        return float(model.loss({"coef": coef, "intercept": intercept}, X, y))

    best = loss(model.coef_, model.intercept_)
    for e in np.eye(3) * 1e-3:
        assert loss(model.coef_ + e, model.intercept_) > best < loss(model.coef_ - e, model.intercept_)
    assert loss(model.coef_, model.intercept_ + 1e-3) > best < loss(model.coef_, model.intercept_ - 1e-3)
