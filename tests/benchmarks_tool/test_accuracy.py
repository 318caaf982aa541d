# SPDX-License-Identifier: BSD-3-Clause
"""The accuracy benchmark on tiny tables, with models that take no time."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.metrics import log_loss

from tests.benchmarks.accuracy import _compare, _models, _run, _scores, _store, _tables
from tests.benchmarks.accuracy.__main__ import main

DUMMY, RIDGE = "sklearn.dummy:Dummy", "sklearn.linear_model:Ridge"
TASKS = ["numbers.csv:price", "classes.csv:colour"]


@pytest.fixture
def data(tmp_path):
    """Folder with a table of numbers and one of classes, 60 rows each."""
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(60, 3)), columns=list("abc"))
    frame["kind"] = np.resize(["x", "y", None], 60)
    frame.assign(price=frame["a"] + rng.normal(size=60)).to_csv(
        folder / "numbers.csv", index=False
    )
    frame.assign(colour=np.resize(["red", "blue"], 60)).to_csv(
        folder / "classes.csv", index=False
    )
    return folder


@pytest.fixture
def folder_of_meta(tmp_path):
    """Folder ``data/shop``: data.parquet and meta.json."""
    pytest.importorskip("pyarrow", reason="reads and writes .parquet")
    rng = np.random.default_rng(0)
    path = tmp_path / "data" / "shop"
    path.mkdir(parents=True)
    pd.DataFrame(
        {
            "id": np.arange(50),
            "day": np.resize([1, 2, 3], 50),
            "size": rng.normal(size=50),
            "sold": rng.normal(size=50),
            "grade": np.where(np.arange(50) < 5, None, np.resize(["a", "b", "c"], 50)),
        }
    ).to_parquet(path / "data.parquet")
    meta = {
        "targets": ["sold", "grade"],
        "task": "two targets",
        "categorical": ["day"],
        "id_columns": ["id"],
    }
    (path / "meta.json").write_text(json.dumps(meta))
    return path.parent


def record(loss, kind="reg", **more):
    return {"kind": kind, "loss": loss, "score": loss, "fit_s": loss} | more


def make_flaky(kind, categorical, random_state, allowed=0):
    """Fail from a split on, as a factory that the command line names."""
    del categorical
    if random_state >= allowed:
        raise RuntimeError("no more")
    return DummyRegressor() if kind == "reg" else DummyClassifier()


FLAKY = f"{__name__}:make_flaky"


# -- tables and splits -----------------------------------------------------------------------


def test_category_named_self(tmp_path):
    frame = pd.DataFrame({"self": np.resize(["no", "yes"], 20), "y": np.arange(20.0)})
    frame.to_csv(tmp_path / "jobs.csv", index=False)
    table = _tables.load(tmp_path, "jobs.csv:y")
    assert table.categorical == ["self"]
    assert table.X["self"].tolist()[:2] == ["no", "yes"]


def test_table_of_a_plain_file(data):
    table = _tables.load(data, "numbers.csv:price")
    assert (table.kind, list(table.X)) == ("reg", ["a", "b", "c", "kind"])
    assert table.categorical == ["kind"]
    assert set(table.X["kind"]) == {"x", "y", "missing"}
    assert _tables.load(data, "classes.csv:colour").kind == "bin"


def test_table_of_a_folder(folder_of_meta):
    table = _tables.load(folder_of_meta, "shop")
    assert (table.kind, list(table.X)) == ("reg", ["day", "size"])
    assert table.categorical == ["day"]
    other = _tables.load(folder_of_meta, "shop:grade")
    assert (other.kind, len(other.y)) == ("multi", 45)
    assert _tables.all_tasks(folder_of_meta) == ["shop"]


def test_counts_become_log_abundances():
    counts = pd.DataFrame({"often": [1, 1, 1, 3], "rare": [0, 0, 0, 1]})
    found = _tables._log_abundance(counts)
    assert list(found) == ["often"]
    np.testing.assert_allclose(found["often"], np.log10(1 + 1e-5))


def test_list_of_tasks(data, tmp_path):
    path = tmp_path / "tasks.txt"
    path.write_text(f"# both\n{TASKS[0]}\n\n{TASKS[1]}  # colours\n{TASKS[0]}\n")
    assert _tables.read_tasks([str(path)], data) == TASKS


@pytest.mark.parametrize("task", ["nothing", "numbers.csv", "none.csv:price"])
def test_what_is_no_task_is_refused(data, task):
    with pytest.raises(ValueError, match=f"Got the task '{task}', but"):
        _tables.read_tasks([task], data)


def table_of(n_rows, kind):
    y = np.arange(n_rows) % 2
    return _tables.Table("some:task", kind, pd.DataFrame({"a": y}), y, [])


@pytest.mark.parametrize("kind", ["reg", "bin"])
def test_small_tables_are_predicted_once(kind):
    splits = _tables.splits(table_of(103, kind))
    assert len(splits) == 5
    tested = np.concatenate([test for _, test in splits])
    np.testing.assert_array_equal(np.sort(tested), np.arange(103))


def test_large_tables_are_drawn_from():
    for train, test in _tables.splits(table_of(9000, "bin")):
        assert (len(train), len(test)) == (3000, 2250)
        assert not np.intersect1d(train, test).size


def test_splits_do_not_change():
    """Results of different days and machines are compared."""
    (train, test), *_ = _tables.splits(table_of(9000, "reg"))
    assert [*train[:3], *test[:3]] == [4555, 1663, 5899, 2537, 4360, 2930]
    assert list(_tables.splits(table_of(100, "bin"))[0][1][:6]) == [
        3,
        11,
        16,
        17,
        18,
        19,
    ]


def test_scores_of_numbers():
    y = np.array([0.0, 1, 2, 3])
    found = _scores.of_numbers(y, y + 1)
    assert found["loss"] == pytest.approx(1 / np.std(y))
    assert found["score"] == pytest.approx(1 - found["loss"] ** 2)


def test_scores_of_classes():
    y = np.array([0, 1, 1, 0])
    p = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3], [0.8, 0.2]])
    found = _scores.of_classes(y, p, np.array([0, 1]), np.array([0, 1]))
    assert found["loss"] == pytest.approx(log_loss(y, p), rel=1e-5)
    assert (found["score"], found["error"]) == (1.0, 0.25)


def test_class_that_was_not_seen():
    """Its rows cost much, and nothing breaks."""
    y, known, labels = np.array([0, 1, 2]), np.array([0, 2]), np.arange(3)
    found = _scores.of_classes(y, np.full((3, 2), 0.5), known, labels)
    assert 5 < found["loss"] < 10
    assert np.isnan(_scores.of_classes(y[:2], np.ones((2, 2)), known, labels)["score"])


# -- models ----------------------------------------------------------------------------------


def test_names_with_parameters():
    name, params = _models.parse("rln[sizes=(64, 8),norm=l1,nu=None,theta=-6]")
    assert name == "rln"
    assert params == {"sizes": (64, 8), "norm": "l1", "nu": None, "theta": -6}
    model = _models.make("hgb[max_iter=7]", "bin", [], 3)[-1]
    assert (model.max_iter, model.random_state) == (7, 3)
    assert _models.make(f"{RIDGE}[alpha=2]", "reg", [])[-1].alpha == 2


@pytest.mark.parametrize("model", ["rln[theta=-6", "rln[5]", "rln[**x]", "rln[a=b.c]"])
def test_broken_parameters_are_refused(model):
    with pytest.raises(ValueError, match="expected parameters in brackets"):
        _models.parse(model)


def test_what_is_no_model_is_refused():
    with pytest.raises(ValueError, match="expected one of rln, stack"):
        _models.check("forest")
    with pytest.raises(ValueError, match="neither Oak nor OakRegressor"):
        _models.check("sklearn.ensemble:Oak")
    with pytest.raises(ModuleNotFoundError, match="needs no_such, which is not inst"):
        _models.check("no_such.module:Model")
    _models.check(RIDGE)  # one kind of task is enough


# -- runs ------------------------------------------------------------------------------------


def test_run_keeps_what_is_done(data, tmp_path, monkeypatch):
    first = _run.run(data, TASKS, tmp_path / "out", [DUMMY, "linear"])
    assert _store.read([tmp_path / "out"]) == first
    assert all(_store.is_complete(r) for m in first.values() for r in m.values())
    assert set(first["linear"][TASKS[1]]) >= {
        "loss",
        "score",
        "error",
        "fit_s",
        "n",
        "d",
    }
    assert first["linear"][TASKS[0]]["n_splits"] == len(
        first["linear"][TASKS[0]]["loss"]
    )
    monkeypatch.setattr(_run, "load", None)  # nothing is read again
    assert _run.run(data, TASKS, tmp_path / "out", [DUMMY, "linear"]) == first


def test_run_goes_on_within_a_task(data, tmp_path, monkeypatch):
    """Interrupted in the third split, it keeps two and does three."""
    done = []

    def interrupted(model, table, train, test, seed):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(seed)
        return {"loss": 0.5, "score": 0.5, "fit_s": 0.5}

    with monkeypatch.context() as patch:
        patch.setattr(_run, "_score_split", interrupted)
        with pytest.raises(KeyboardInterrupt):
            _run.run(data, TASKS[:1], tmp_path, [RIDGE])
    assert not _store.is_complete(_store.read_model(tmp_path, RIDGE)[TASKS[0]])
    again = _run.run(data, TASKS[:1], tmp_path, [RIDGE])[RIDGE][TASKS[0]]
    assert done == [0, 1]
    assert again["loss"][:2] == [0.5, 0.5]
    assert len(again["loss"]) == len(again["fit_s"]) == 5
    assert _store.is_complete(again)


def test_first_splits_only_and_the_others_later(data, tmp_path):
    arguments = [data, TASKS[:1], tmp_path, [RIDGE]]

    def lengths(limit):
        record = _run.run(*arguments, limit=limit)[RIDGE][TASKS[0]]
        assert _store.is_complete(record)
        return record["n_splits"], len(record["loss"])

    with pytest.raises(ValueError, match=r"splits=0.*at least 1"):
        lengths(0)
    assert lengths(1) == (1, 1)
    first = _store.read_model(tmp_path, RIDGE)[TASKS[0]]["loss"][0]
    assert lengths(3) == (3, 3)
    assert lengths(2) == (3, 3)
    assert lengths(None) == lengths(1) == (5, 5)
    record = _store.read_model(tmp_path, RIDGE)[TASKS[0]]
    assert record["loss"][0] == first
    assert "limit" not in record


def test_failures_are_kept_and_tried_again_where_asked(data, tmp_path):
    results = _run.run(data, TASKS[:1], tmp_path, [f"{FLAKY}[allowed=2]", DUMMY])
    ((model, task, why),) = _store.failures(results)
    assert (model, task) == (f"{FLAKY}[allowed=2]", TASKS[0])
    assert why == "split 2: RuntimeError: no more"
    assert len(results[model][task]["loss"]) == 2
    assert not _compare.mean_of(results)[model].notna().any()

    path = _store.path_of(tmp_path, model)
    path.rename(_store.path_of(tmp_path, f"{FLAKY}[allowed=9]"))
    again = [data, TASKS[:1], tmp_path, [f"{FLAKY}[allowed=9]"]]
    assert _store.failures(_run.run(*again))
    assert not _store.failures(_run.run(*again, retry=True))


def test_table_that_cannot_be_read_stops_nothing(data, tmp_path):
    (data / "broken.csv").write_text("a,b\n1,2\n")
    results = _run.run(data, ["broken.csv:c", TASKS[0]], tmp_path, [DUMMY])
    ((_, task, why),) = _store.failures(results)
    assert task == "broken.csv:c"
    assert "no column 'c'" in why
    assert _store.is_complete(results[DUMMY][TASKS[0]])


def test_write_leaves_the_old_file_where_it_fails(tmp_path):
    path = tmp_path / "old.json"
    _store.write(path, {"a": 1})
    with pytest.raises(TypeError):
        _store.write(path, {"a": object()})
    assert json.loads(path.read_text()) == {"a": 1}


def test_models_of_two_folders(tmp_path):
    for folder in ("before", "after"):
        _store.write_model(tmp_path / folder, "rln[theta=-6]", {"t": record([1.0])})
    _store.write_model(tmp_path / "after", "a:b", {"t": record([1.0])})
    found = _store.read([tmp_path / "before", tmp_path / "after"])
    assert set(found) == {"before/rln[theta=-6]", "after/rln[theta=-6]", "a:b"}


# -- comparisons -----------------------------------------------------------------------------


@pytest.fixture
def results():
    """Losses of three models on two tasks, and on a third that one of them lacks."""
    return {
        "xgb": {
            "one": record([1.0, 3.0]),
            "two": record([0.4], "bin"),
            "three": record([1.0]),
        },
        "hgb": {
            "one": record([2.0, 2.0]),
            "two": record([0.5], "bin"),
            "three": record([1.0]),
        },
        "ours": {
            "one": record([1.0, 1.0]),
            "two": record([4.0], "bin"),
            "three": record([1.0], n_splits=2),
        },
    }


def test_summary(results):
    found = _compare.summary(results)
    assert list(found) == ["all (2)", "regression (1)", "classification (1)"]
    lines = found["all (2)"]
    # Ours has half the loss of the best default on one task, and at most twice on the other.
    assert lines.loc["ours", "geo"] == pytest.approx(1)
    assert lines.loc["ours", "median"] == pytest.approx(1.25)
    assert lines.loc["xgb", "geo"] == pytest.approx(1)
    assert lines.loc["hgb", "geo"] == pytest.approx(1.25**0.5)
    assert lines["near"].to_dict() == {"ours": 0.5, "xgb": 0.5, "hgb": 0.0}
    assert lines["best"].to_dict() == {"ours": 1, "xgb": 1, "hgb": 0}
    assert lines["rank"].to_dict() == {"xgb": 1.75, "ours": 2.0, "hgb": 2.25}


def test_paired_differences(results):
    found = _compare.paired(results, "xgb", "hgb")
    assert list(found.index) == ["one", "two", "three"]
    assert found.loc["one", "difference"] == pytest.approx(0)
    splits = np.log([0.5, 1.5])
    np.testing.assert_allclose(
        found.loc["one", ["split 0", "split 1"]].tolist(), splits
    )
    assert found.loc["one", "by_split"] == pytest.approx(splits.mean())
    assert found.loc["one", "se"] == pytest.approx(np.ptp(splits) / 2)

    each = np.array([0, np.log(0.8), 0])
    mean = _compare.mean_difference(results, "xgb", "hgb")
    assert (mean["tasks"], mean["won"]) == (3, pytest.approx(1 / 3))
    assert mean["difference"] == pytest.approx(each.mean())
    assert mean["se"] == pytest.approx(each.std(ddof=1) / 3**0.5)
    against = _compare.against(results, "hgb")
    assert list(against.index) == ["xgb", "ours"]
    assert against.loc["ours", "difference"] == pytest.approx(
        0
    )  # -log 2, and at most log 2


def test_model_that_is_not_there(results):
    with pytest.raises(
        ValueError, match="Got the models cat, but there are results of"
    ):
        _compare.select(results, ["cat", "xgb"])


# -- command line ----------------------------------------------------------------------------


def test_command_line(data, tmp_path, capsys):
    out, times = str(tmp_path / "out"), str(tmp_path / "times.json")
    what = ["--data", str(data), "--tasks", *TASKS]
    assert main(["run", *what, "--out", out, DUMMY, "linear", RIDGE]) == 0
    assert f"{RIDGE} {TASKS[1]}: split 0: ValueError" in capsys.readouterr().out
    pair = ["--pair", DUMMY, "linear", "--against", DUMMY]
    assert main(["table", out, "--models", DUMMY, "linear", *pair]) == 0
    assert "2 tasks that all of" in capsys.readouterr().out
    assert main(["time", *what, "--out", times, "--rounds", "2", DUMMY, "linear"]) == 0
    assert f"linear / {DUMMY}" in capsys.readouterr().out
    assert main(["time", *what, "--out", times, "--rounds", "3", DUMMY, "linear"]) == 2
    assert "Name another file" in capsys.readouterr().err


def test_command_line_draws(pyplot, results, tmp_path):
    del pyplot
    for model, records in results.items():
        _store.write_model(tmp_path, model, records)
    picture = tmp_path / "picture.png"
    assert main(["plot", str(tmp_path), "-o", str(picture)]) == 0
    assert picture.stat().st_size > 10_000
