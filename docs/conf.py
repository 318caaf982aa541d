# SPDX-License-Identifier: BSD-3-Clause
"""Settings of the documentation."""

import os
import re
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sphinx_gallery.sorting import ExplicitOrder

try:
    release = version("skrln")
except PackageNotFoundError:  # built from a checkout that is not installed
    release = "dev"

project = "skrln"
author = "skrln developers"
copyright = "2026, skrln developers"
version = release

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.doctest",
    "sphinx.ext.intersphinx",
    "sphinx.ext.mathjax",
    "sphinx-mathjax-offline",  # formulas need no network
    "numpydoc",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
templates_path = ["_templates"]
UNRELEASED = "generated/unreleased.rst"  # a part of the page whats_new
exclude_patterns = ["_build", "_templates", "changes", "examples", UNRELEASED]
root_doc = "index"
nitpicky = False

# -- API reference ---------------------------------------------------------------------

autosummary_generate = True
autodoc_typehints = "none"  # docstrings describe the types, in words and with shapes
numpydoc_show_class_members = False
numpydoc_class_members_toctree = False
default_role = "literal"

# References into other projects need the network; set SKRLN_DOCS_ONLINE=1 to have them.
intersphinx_mapping = {}
if os.environ.get("SKRLN_DOCS_ONLINE"):
    intersphinx_mapping = {
        "numpy": ("https://numpy.org/doc/stable", None),
        "pandas": ("https://pandas.pydata.org/docs", None),
        "python": ("https://docs.python.org/3", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
    }

# -- Gallery ---------------------------------------------------------------------------

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "auto_examples",
    "subsection_order": ExplicitOrder(
        [f"examples/{name}" for name in ("start", "read", "combine", "special")]
    ),
    "filename_pattern": r"/plot_",
    "abort_on_example_error": True,
    "doc_module": ("skrln",),
    "reference_url": {"skrln": None},
    "backreferences_dir": "generated/backreferences",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "matplotlib_animations": False,
}

# -- Doctests of the pages -------------------------------------------------------------

doctest_test_doctest_blocks = "default"

# -- HTML ------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "skrln"
html_static_path = ["_static"]
html_show_sourcelink = False
# Pages without pages below them have no use for a sidebar.
html_sidebars = {
    name: []
    for name in (
        "evidence",
        "glossary",
        "installation",
        "quickstart",
        "security",
        "which_estimator",
        "whats_new",
    )
}
html_theme_options = {
    "navbar_end": ["theme-switcher"],
    "show_prev_next": False,
    "secondary_sidebar_items": ["page-toc"],
}


# -- Docstrings that are inherited from scikit-learn -----------------------------------

FOREIGN_LABEL = re.compile(
    r":ref:`([^`<]*?)\s*<?(?:metadata_routing|callbacks|df_output_transform"
    r"|sphx_glr_auto_examples_miscellaneous)[\w.]*>?`"
)
FOREIGN_TERM = re.compile(r":term:`([^`<]*?)\s*(?:<[^`>]*>)?`")


def drop_foreign_references(app, what, name, obj, options, lines):
    """Make plain text of references into scikit-learn's user guide and glossary."""
    del what, name, obj, options
    if app.config.intersphinx_mapping:  # there they lead somewhere
        return
    text = FOREIGN_LABEL.sub(r"\1", "\n".join(lines))
    lines[:] = FOREIGN_TERM.sub(r"\1", text).split("\n")


# -- Changes that are not released ----------------------------------------------------


def write_unreleased(app):
    """Write the change fragments as one text, which the page whats_new includes."""
    towncrier = [sys.executable, "-m", "towncrier", "build", "--draft"]
    draft = subprocess.run(
        [*towncrier, "--version", release, "--date", "not released"],
        cwd=Path(app.srcdir).parent,
        check=True,
        capture_output=True,
        encoding="utf-8",
    )
    page = Path(app.srcdir, UNRELEASED)
    page.parent.mkdir(exist_ok=True)
    page.write_text(draft.stdout, encoding="utf-8")


def setup(app):
    app.connect("autodoc-process-docstring", drop_foreign_references)
    app.connect("builder-inited", write_unreleased)
