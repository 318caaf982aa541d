# SPDX-License-Identifier: BSD-3-Clause
"""Folder of a fit, without a network."""

import json
import os
import shutil
import threading

import numpy as np
import pytest

from skrln._checkpoints import _folder
from skrln._checkpoints._folder import NO_CHECKPOINTS, Checkpoints, Identity

START = {"data": np.arange(3)}
STATE = {"state.0": np.ones(4)}


def make(path, every=0, owner="RLNRegressor", theta="-8", **arguments):
    arguments = {"X": np.eye(3), "y": np.zeros(3)} | arguments
    return Checkpoints(str(path), every, Identity(owner, {"theta": theta}, arguments))


def loaded(folder):
    (slot,) = folder.slots(1)
    return slot, slot.load(START)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "parent" / "fit"


@pytest.fixture
def killed(path):
    """Folder of a fit that did not end."""
    with make(path) as folder:
        loaded(folder)[0].save(STATE)
    return path


def test_state_is_found_again(killed):
    with make(killed) as folder:
        slot, arrays = loaded(folder)
        np.testing.assert_array_equal(arrays["state.0"], STATE["state.0"])
        assert folder.slots(1)[0].load(START) is None
        slot.save({"state.0": np.zeros(4)})
    with make(killed) as folder:
        assert not loaded(folder)[1]["state.0"].any()
        folder.finish()
    assert not killed.exists()


def test_only_the_owner_reads_the_folder(killed):
    assert os.name == "nt" or killed.stat().st_mode & 0o777 == 0o700


def test_a_fit_without_a_write_leaves_nothing(path):
    with make(path) as folder:
        loaded(folder)
    assert not path.exists()


def test_a_folder_that_was_empty_is_used(path):
    path.mkdir(parents=True)
    with make(path) as folder:
        loaded(folder)[0].save(STATE)
    assert sorted(os.listdir(path)) == ["00000.npz", "fit.json"]


def test_the_state_of_an_ended_network_waits(path, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(_folder, "monotonic", lambda: now[0])
    with make(path, every=60) as folder:
        first, second, third = folder.slots(3)
        for slot in (first, second, third):
            slot.load(START)
        assert first.seconds_left() == 60
        now[0] = 20
        assert first.seconds_left() == 40
        first.save(STATE, ended=True)
        assert not (path / "00000.npz").exists()
        now[0] = 61
        assert second.seconds_left() == -1
        second.save(STATE)  # takes the one that waits with it
        assert sorted(os.listdir(path)) == [
            "00000.npz",
            "00001.npz",
            "fit.json",
            "lock",
        ]
        assert second.seconds_left() == 60
        third.save(STATE, ended=True)
        assert not (path / "00002.npz").exists()
    assert (path / "00002.npz").exists()  # the fit was interrupted


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"theta": "-7"}, "a fit with theta=-8, but this one is theta=-7"),
        ({"owner": "RLNClassifier"}, "a fit of RLNRegressor, but this one is RLNClass"),
        ({"X": np.ones((3, 3))}, "a fit of another X"),
        ({"y": np.ones(3)}, "a fit of another y"),
        ({"y": np.ones(3), "X": np.zeros(3)}, "a fit of another X and another y"),
        ({"sample_weight": np.ones(3)}, "a fit of another sample_weight"),
    ],
)
def test_another_fit_is_refused_by_name(killed, other, message):
    with pytest.raises(ValueError, match=message) as error, make(killed, **other):
        pass
    assert repr(str(killed)) in str(error.value)
    assert "delete the folder" in str(error.value)
    with make(killed) as folder:  # the lock is free
        assert loaded(folder)[1] is not None


def test_another_version_is_refused(killed, monkeypatch):
    monkeypatch.setattr(_folder, "version", lambda name: "9.0")
    with pytest.raises(ValueError, match=r"written by skrln .*, .* skrln 9\.0"):
        make(killed).__enter__()


def test_another_start_is_refused(killed):
    with make(killed) as folder:
        (slot,) = folder.slots(1)
        with pytest.raises(
            ValueError, match=r"00000\.npz was written by a network with"
        ):
            slot.load({"data": np.arange(4)})


def test_two_fits_at_a_time_are_refused(killed):
    with make(killed), pytest.raises(ValueError, match="another fit writes"):
        make(killed).__enter__()


def test_a_place_of_other_files_is_refused(tmp_path):
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(ValueError, match=r"files of its own, such as 'letters\.txt'"):
        make(tmp_path).__enter__()
    with pytest.raises(ValueError, match="path of a folder that can be made"):
        make(tmp_path / "letters.txt").__enter__()
    with pytest.raises(ValueError, match="path of a folder that can be made"):
        make(tmp_path / "letters.txt" / "fit").__enter__()
    assert os.listdir(tmp_path) == ["letters.txt"]


def test_files_of_others_stay(killed):
    (killed / "letters.txt").write_text("dear")
    with make(killed) as folder:
        folder.finish()
    assert os.listdir(killed) == ["letters.txt"]


@pytest.mark.parametrize(
    "content",
    ["", "{}", "[", '{"format": 1}', '{"format": 1, "parameters": [], "arguments": 3}'],
)
def test_a_damaged_description_is_refused(killed, content):
    (killed / "fit.json").write_text(content)
    with pytest.raises(
        ValueError, match=r"file fit\.json cannot be read: .*Pass another"
    ):
        make(killed).__enter__()


def test_a_later_format_is_refused(killed):
    about = json.loads((killed / "fit.json").read_text())
    (killed / "fit.json").write_text(json.dumps(about | {"format": 99}))
    with pytest.raises(ValueError, match=r"format 99, .* reads formats up to 1"):
        make(killed).__enter__()


def test_a_damaged_state_is_refused(killed):
    (killed / "00000.npz").write_bytes(b"PK")
    with (
        make(killed) as folder,
        pytest.raises(ValueError, match=r"00000\.npz cannot be"),
    ):
        loaded(folder)


def test_what_an_unfinished_write_left_is_ignored(path):
    path.mkdir(parents=True)
    (path / "fit.json.tmp").write_text("{")
    (path / "00003.npz.tmp").write_bytes(b"PK")
    (path / "lock").write_bytes(b"")
    with make(path) as folder:
        assert loaded(folder)[1] is None
        folder.finish()
    assert not path.exists()


def test_networks_in_threads(path):
    with make(path) as folder:
        slots = folder.slots(8)

        def work(slot):
            slot.load(START)
            for k in range(5):
                slot.save({"state.0": np.full(4, k)}, ended=k == 4)

        threads = [threading.Thread(target=work, args=(slot,)) for slot in slots]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with make(path) as folder:
        for slot in folder.slots(8):
            np.testing.assert_array_equal(slot.load(START)["state.0"], np.full(4, 4))


def test_nothing_is_written_without_a_folder():
    with NO_CHECKPOINTS as folder:
        assert folder.slots(3) == [None] * 3
        folder.finish()


# -- faults of the disk ----------------------------------------------------------------------


def test_an_argument_that_is_missing_now_is_another(path):
    with make(path, sample_weight=np.ones(3)) as folder:
        loaded(folder)[0].save(STATE)
    with pytest.raises(ValueError, match="a fit of another sample_weight"):
        make(path).__enter__()


def refuse(*args, **options):
    raise PermissionError("not permitted")


def test_a_parameter_that_is_missing_now_is_named(killed):
    identity = Identity("RLNRegressor", {}, {"X": np.eye(3), "y": np.zeros(3)})
    with pytest.raises(ValueError, match="by a fit with theta=-8"):
        Checkpoints(str(killed), 0, identity).__enter__()


def test_the_process_may_change_its_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    with make("fit") as folder:
        loaded(folder)[0].save(STATE)
        os.chdir("elsewhere")
        loaded(folder)[0].save(STATE)
    assert sorted(os.listdir(tmp_path / "fit")) == [
        "00000.npz",
        "00001.npz",
        "fit.json",
    ]
    assert os.listdir() == []


def test_a_folder_that_is_deleted_meanwhile_is_no_error(path):
    with make(path) as folder:
        loaded(folder)[0].save(STATE)
        shutil.rmtree(path)
        folder.finish()
    assert not path.exists()


def test_a_folder_that_cannot_be_cleaned_is_a_warning(killed, monkeypatch):
    message = r"Got checkpoint=.*not permitted.*Delete the folder"
    with monkeypatch.context() as patch:
        patch.setattr(os, "remove", refuse)
        with pytest.warns(RuntimeWarning, match=message), make(killed) as folder:
            folder.finish()
    with make(killed) as folder:  # the lock is free
        assert loaded(folder)[1] is not None


def test_a_full_disk_is_one_warning(path, monkeypatch):
    with make(path) as folder:
        first, second = folder.slots(2)
        first.load(START)
        second.load(START)
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", refuse)
            with pytest.warns(
                RuntimeWarning, match=r"its state could .* not permitted"
            ):
                first.save(STATE)
            second.save(STATE, ended=True)  # no further warning
        first.save(STATE)  # there is space again
    assert sorted(os.listdir(path)) == ["00000.npz", "00001.npz", "fit.json"]


def test_a_folder_without_locks_is_refused(path, monkeypatch):
    monkeypatch.setattr(_folder.FolderLock, "acquire", refuse)
    with pytest.raises(
        ValueError, match=r"Got checkpoint=.* written and locked: not permitted\. Pass"
    ):
        make(path).__enter__()


def test_a_file_that_may_not_be_read_is_named(killed, monkeypatch):
    monkeypatch.setattr(_folder, "read_json", refuse)
    with pytest.raises(ValueError, match=r"file fit\.json cannot be read: not permit"):
        make(killed).__enter__()
