# SPDX-License-Identifier: BSD-3-Clause
"""Files of the project agree with `pyproject.toml` and with each other."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version

import skrln

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
TEMPLATES = ROOT / ".github" / "ISSUE_TEMPLATE"
YAML_FILES = [
    *sorted((ROOT / ".github").rglob("*.yml")),
    *sorted((ROOT / ".ci").rglob("*.yaml")),
    ROOT / ".pre-commit-config.yaml",
    ROOT / "CITATION.cff",
]
PYTHON = "Programming Language :: Python :: "
#: Programs whose package has another name.
PACKAGES = {
    "check-added-large-files": "pre-commit-hooks",
    "end-of-file-fixer": "pre-commit-hooks",
    "trailing-whitespace-fixer": "pre-commit-hooks",
}


def read_yaml(path):
    """Return the content of a YAML file of the checkout."""
    return yaml.safe_load((ROOT / path).read_text())


def lower_bounds(requirements):
    """Map names of packages to their lower bounds, or None."""
    bounds = {}
    for line in requirements:
        requirement = Requirement(line)
        versions = [Version(s.version) for s in requirement.specifier]
        assert len(versions) <= 1, f"more than a lower bound: {line}"
        bounds[requirement.name] = versions[0] if versions else None
    return bounds


def python_classifiers():
    """Minor versions of Python among the classifiers, in their order."""
    named = [c.removeprefix(PYTHON) for c in PROJECT["classifiers"] if PYTHON in c]
    return [version for version in named if re.fullmatch(r"\d\.\d+", version)]


def oldest_python():
    (specifier,) = Requirement(f"python {PROJECT['requires-python']}").specifier
    assert specifier.operator == ">="
    return specifier.version


# -- versions --------------------------------------------------------------------------------


def test_one_version_everywhere():
    version = PROJECT["version"]
    assert str(Version(version)) == version
    assert skrln.__version__ == version
    assert read_yaml("CITATION.cff")["version"] == version
    assert read_yaml(".ci/conda/recipe.yaml")["context"]["version"] == version


def test_stored_models_are_those_of_the_version():
    folders = [path.name for path in (ROOT / "tests/data").iterdir() if path.is_dir()]
    versions = [Version(name) for name in folders if name[0].isdigit()]
    assert max(versions) == Version(Version(PROJECT["version"]).base_version)


def test_classifiers_start_at_the_oldest_python_without_a_gap():
    minors = [int(version.partition(".")[2]) for version in python_classifiers()]
    assert python_classifiers()[0] == oldest_python()
    assert minors == list(range(minors[0], minors[-1] + 1))
    tool = PYPROJECT["tool"]
    assert tool["ruff"]["target-version"] == "py" + oldest_python().replace(".", "")
    assert tool["pyright"]["pythonVersion"] == oldest_python()


def test_lowest_versions_are_the_lower_bounds():
    lines = (ROOT / "tests/requirements-lowest.txt").read_text().splitlines()
    pinned = lower_bounds(line for line in lines if line and line[0] != "#")
    wanted = [*PROJECT["dependencies"]]
    wanted += [r for extra in ("test", "examples", "plot", "io") for r in EXTRAS[extra]]
    bounds = lower_bounds(line for line in wanted if not line.startswith("skrln["))
    assert {name: pinned.get(name) for name in bounds} == bounds


# -- citation and licence ----------------------------------------------------------------------


def test_citation_describes_the_package():
    citation = read_yaml("CITATION.cff")
    assert citation["cff-version"] == "1.2.0"
    assert citation["title"] == PROJECT["name"]
    assert citation["license"] == PROJECT["license"]
    assert citation["abstract"] == PROJECT["description"]
    assert citation["keywords"] == PROJECT["keywords"]
    assert citation["authors"] == PROJECT["authors"]
    released = not Version(PROJECT["version"]).is_devrelease
    assert ("date-released" in citation) == released


def test_citation_refers_to_the_paper():
    (paper,) = read_yaml("CITATION.cff")["references"]
    assert [a["family-names"] for a in paper["authors"]] == ["Shavitt", "Segal"]
    assert paper["title"] in (ROOT / "README.md").read_text().replace("\n", " ")


# -- forms, workflows, hooks -------------------------------------------------------------------


def test_all_kinds_of_yaml_files_are_checked():
    names = {path.name for path in YAML_FILES}
    assert {"bug.yml", "feature.yml", "config.yml", "ci.yml", "recipe.yaml"} <= names


@pytest.mark.parametrize("path", YAML_FILES, ids=lambda path: path.name)
def test_yaml_is_valid(path):
    content = read_yaml(path)
    assert isinstance(content, dict)
    assert content


@pytest.mark.parametrize("name", ["bug", "feature"])
def test_issue_forms_are_complete(name):
    form = read_yaml(TEMPLATES / f"{name}.yml")
    assert {"name", "description", "body"} <= set(form)
    fields = [part for part in form["body"] if part["type"] != "markdown"]
    ids = [field["id"] for field in fields]
    assert len(ids) == len(set(ids)) > 0
    assert all(field["attributes"]["label"] for field in fields)
    assert any(field.get("validations", {}).get("required") for field in fields)


def test_bug_form_requires_the_versions():
    fields = {part.get("id"): part for part in read_yaml(TEMPLATES / "bug.yml")["body"]}
    assert "skrln.show_versions()" in fields["versions"]["attributes"]["description"]
    assert fields["versions"]["validations"]["required"]
    assert callable(skrln.show_versions)


def workflow_commands():
    """Yield name of the job and command of every step of the workflow."""
    for name, job in read_yaml(".github/workflows/ci.yml")["jobs"].items():
        for step in job["steps"]:
            if "run" in step:
                yield name, step["run"]


def test_workflow_runs_steps_that_exist():
    script = (ROOT / ".ci/run").read_text()
    steps = set(re.findall(r"^step_(\w+)\(\)", script, flags=re.MULTILINE))
    run = [
        step
        for _, command in workflow_commands()
        if command.startswith(".ci/run")
        for step in command.split()[1:]
    ]
    assert set(run) == steps
    (defaults,) = re.findall(r"default_steps=\((.*)\)", script)
    assert set(defaults.split()) == steps - {"ecosystem", "lowest"}


def test_workflow_tests_all_systems_and_versions_of_python():
    jobs = read_yaml(".github/workflows/ci.yml")["jobs"]
    matrix = jobs["tests"]["strategy"]["matrix"]
    assert matrix["os"] == ["ubuntu-latest", "macos-latest"]
    assert matrix["python"] == python_classifiers()
    assert jobs["windows"]["runs-on"] == "windows-latest"
    ends = [python_classifiers()[0], python_classifiers()[-1]]
    assert jobs["windows"]["strategy"]["matrix"]["python"] == ends
    assert ("windows", "pytest") in workflow_commands()
    assert jobs["nightly"]["continue-on-error"]


def test_hooks_run_programs_of_the_dev_extra():
    """A commit is checked by the versions that the other checks use."""
    tools = set(lower_bounds(r for r in EXTRAS["dev"] if not r.startswith("skrln[")))
    assert "pre-commit" in tools
    (repository,) = read_yaml(".pre-commit-config.yaml")["repos"]
    programs = [hook["entry"].split()[0] for hook in repository["hooks"]]
    assert {PACKAGES.get(program, program) for program in programs} <= tools
    assert all(hook["language"] == "system" for hook in repository["hooks"])


# -- distributions -----------------------------------------------------------------------------


def test_package_says_that_it_is_typed():
    assert (files("skrln") / "py.typed").is_file()
    assert "py.typed" in PYPROJECT["tool"]["setuptools"]["package-data"]["skrln"]
    assert "Typing :: Typed" in PROJECT["classifiers"]


def test_recipe_has_the_dependencies():
    recipe = read_yaml(".ci/conda/recipe.yaml")
    assert recipe["context"]["python_min"] == oldest_python()
    run = [line for line in recipe["requirements"]["run"] if "python_min" not in line]
    assert lower_bounds(run) == lower_bounds(PROJECT["dependencies"])
    (backend,) = PYPROJECT["build-system"]["requires"]
    host = [line for line in recipe["requirements"]["host"] if "python_min" not in line]
    assert lower_bounds(host)["setuptools"] == lower_bounds([backend])["setuptools"]
    assert recipe["about"]["summary"] == PROJECT["description"]
    assert recipe["about"]["license"] == PROJECT["license"]


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github").glob("*.md")), ids=lambda path: path.name
)
def test_links_of_the_guidelines_lead_somewhere(path):
    links = re.findall(r"\]\((?!https:)([^)#]+)", path.read_text())
    assert all((path.parent / link).exists() for link in links), links


def test_vulnerabilities_have_one_address():
    words = " ".join((ROOT / "docs/security.rst").read_text().split())
    ours = " ".join((ROOT / ".github/SECURITY.md").read_text().split())
    for promise in (
        "*Report a vulnerability* on the *Security* page",
        "newest version",
    ):
        assert promise in words
        assert promise in ours
