# SPDX-License-Identifier: BSD-3-Clause
"""Files of fitted models: how they are written and read."""

import gzip
import pickle
import warnings
from pathlib import Path
from zipfile import ZIP_DEFLATED

import numpy as np
from sklearn.exceptions import InconsistentVersionWarning

import skrln

from ._models import MODELS, read

FOLDER = Path(__file__).parent


def present_version():
    """Version that the files of today are named by: the one to be released."""
    return skrln.__version__.partition(".dev")[0]


def versions():
    """Folders of all versions."""
    return sorted(path for path in FOLDER.iterdir() if path.name[0].isdigit())


def write_all(folder, names=None):
    """Write the models; yield the paths of the files."""
    import skops.io

    folder.mkdir(exist_ok=True)
    for name in names or MODELS:
        fitted, inputs = MODELS[name].fit(), MODELS[name].inputs()
        pickled, stored, arrays = (
            folder / f"{name}{ending}" for ending in (".pkl.gz", ".skops", ".npz")
        )
        # Without a time stamp, the same model gives the same file.
        pickled.write_bytes(gzip.compress(pickle.dumps(fitted, protocol=5), mtime=0))
        skops.io.dump(fitted, stored, compression=ZIP_DEFLATED, compresslevel=9)
        results = read(fitted, inputs)
        named = {f"in.{key}": value for key, value in inputs.items()}
        named |= {f"out.{key}": value for key, value in results.items()}
        np.savez_compressed(arrays, **named)
        yield from (pickled, stored, arrays)


def load_pickle(folder, name):
    """Load a model with pickle, from any version of scikit-learn."""
    with warnings.catch_warnings():
        # The encoders of inputs are scikit-learn's, and say which version wrote them.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        return pickle.loads(gzip.decompress((folder / f"{name}.pkl.gz").read_bytes()))


def load_skops(folder, name):
    """Load a model with skops, which trusts this package and nothing else."""
    import skops.io

    path = folder / f"{name}.skops"
    untrusted = skops.io.get_untrusted_types(file=path)
    foreign = [kind for kind in untrusted if not kind.startswith("skrln.")]
    assert not foreign, f"{path.name} needs {foreign}"
    with warnings.catch_warnings():
        # As above: the encoders say which version of scikit-learn wrote them.
        warnings.simplefilter("ignore", InconsistentVersionWarning)
        return skops.io.load(path, trusted=untrusted)


def check(folder, name, load):
    """Compare what a loaded model says with what it said when it was written."""
    with np.load(folder / f"{name}.npz") as arrays:  # without pickle
        kept = dict(arrays)
    inputs = {key[3:]: value for key, value in kept.items() if key.startswith("in.")}
    found = read(load(folder, name), inputs)
    expected = {key[4:]: v for key, v in kept.items() if key.startswith("out.")}
    assert expected
    for key, values in expected.items():
        if values.dtype.kind == "f":  # BLAS may sum in another order
            np.testing.assert_allclose(found[key], values, 1e-6, 1e-9, err_msg=key)
        else:
            np.testing.assert_array_equal(found[key], values, err_msg=key)
