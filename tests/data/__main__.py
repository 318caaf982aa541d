# SPDX-License-Identifier: BSD-3-Clause
"""Write the files of the present version: ``python -m tests.data``.

Run it with the versions of ``tests/requirements-lowest.txt``: old versions of NumPy and
scikit-learn cannot read what new ones write.
"""

import argparse
import warnings

from ._files import FOLDER, present_version, write_all


def main():
    """Fit all models, and write each as a pickle and by skops, with its predictions."""
    parser = argparse.ArgumentParser(prog="python -m tests.data")
    parser.add_argument("--version", default=present_version())
    parser.add_argument("--only", nargs="*", help="names of models; all by default")
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # fits end before they converge
    for path in write_all(FOLDER / options.version, options.only):
        print(f"{path.stat().st_size:8,d} bytes  {path.relative_to(FOLDER)}")


if __name__ == "__main__":
    main()
