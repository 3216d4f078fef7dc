"""When a model is fitted, asked of the step itself."""

from datetime import date
from types import SimpleNamespace

from expectations.tables import PATHS
from pipelines.lake_files import File, Snapshot
from pipelines.settings import Settings
from pipelines.steps.credit import due_fits, if_a_fit_is_due

DAYS = ("2026-01-30", "2026-02-02")


def work(*models):
    paths = Snapshot(PATHS, 1, tuple(File(f"{day}/x", day, 1) for day in DAYS))
    settings = Settings.model_validate({"models": {"use": models}})
    run = SimpleNamespace(settings=settings, through="2026-02-02", memory={})
    return SimpleNamespace(run=run, new={PATHS.name: paths}, is_all_new=False,
                           base=Snapshot(PATHS, -1))  # fmt: skip


def test_a_model_that_learns_is_fitted_as_of_the_first_of_a_month(monkeypatch):
    monkeypatch.setattr("pipelines.steps.credit._kept_fits", lambda _: [])
    assert due_fits(work("linear", "markov")) == {date(2026, 2, 1)}


def test_no_fit_is_ever_due_for_models_that_do_not_learn():
    assert due_fits(work("linear", "last_touch")) == set()
    assert if_a_fit_is_due(work("linear")) == set()
