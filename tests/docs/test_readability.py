# SPDX-License-Identifier: BSD-3-Clause
"""Plain English by measure, titles that a user would search, and a place for every name."""

import importlib
import re

import pytest

from skrln import presets

from ._readability import DOCS, ROOT, name_of, pages, sentences_of, title_of

#: Bounds of the words of a sentence.
LONGEST_MEAN, LONGEST_SENTENCE = 18.0, 35
#: Records of measurements: sentences with many numbers, whose mean alone is bounded.
RECORDS = ("docs/decisions/", "docs/reproduction.rst")
#: Pages that are not measured: dated notes of experiments, kept as they were written.
NOT_MEASURED = ("docs/notebook/",)
QUESTION_WORDS = {
    *("how", "what", "which", "when", "where", "why", "who", "whether"),
    *("is", "are", "do", "does", "can", "should", "must"),
}
#: Words of a sentence, which a noun phrase lacks.
VERBS = {
    *("is", "are", "was", "be", "do", "does", "has", "have", "can", "goes", "should"),
    *("must", "will", "you", "we", "i", "if", "because"),
}
PUBLIC = [
    "skrln",
    "skrln.datasets",
    "skrln.feature_selection",
    "skrln.inspection",
    "skrln.joint",
    "skrln.multitask",
    "skrln.options",
    "skrln.pruning",
    "skrln.stacking",
]


MEASURED = [
    path
    for path in pages()
    if not name_of(path).startswith(NOT_MEASURED) and sentences_of(path)
]
TITLED = [path for path in pages() if path.suffix == ".rst"]


@pytest.mark.parametrize("path", MEASURED, ids=name_of)
def test_sentences_are_short(path):
    sentences = sentences_of(path)
    mean = sum(map(len, sentences)) / len(sentences)
    assert mean < LONGEST_MEAN, f"{name_of(path)} has {mean:.1f} words per sentence"
    if name_of(path).startswith(RECORDS):
        return
    long = [" ".join(words) for words in sentences if len(words) > LONGEST_SENTENCE]
    assert not long, "\n".join(long)


@pytest.mark.parametrize("path", TITLED, ids=name_of)
def test_title_is_a_question_or_a_noun_phrase(path):
    title = title_of(path.read_text("utf8"))
    if title.endswith("?"):
        return
    words = re.findall(r"[a-z']+", title.lower())
    assert words[0] not in QUESTION_WORDS, title
    assert not VERBS & set(words), title


def test_every_public_name_is_on_a_page():
    guide = [*DOCS.glob("user_guide/*.rst"), *DOCS.glob("examples/*/*.py")]
    guide += [DOCS / f"{name}.rst" for name in ("index", "installation", "quickstart")]
    guide += [DOCS / "which_estimator.rst", ROOT / "README.md"]
    text = "\n".join(path.read_text("utf8") for path in guide)
    names = {
        name for module in PUBLIC for name in importlib.import_module(module).__all__
    }
    names |= {name for name in vars(presets) if name.isupper()}
    missing = sorted(
        name for name in names - {"__version__"} if not re.search(rf"\b{name}\b", text)
    )
    assert not missing


def test_every_page_of_the_guide_is_in_its_contents():
    contents = (DOCS / "user_guide" / "index.rst").read_text("utf8").split()
    names = {path.stem for path in DOCS.glob("user_guide/*.rst")} - {"index"}
    assert names <= set(contents)


def test_no_page_shows_a_truth_value():
    """Pages show values; ``True`` as the output of an example says nothing."""
    shown = [
        f"{name_of(path)}:{number}"
        for path in pages()
        for number, line in enumerate(path.read_text("utf8").splitlines(), 1)
        if line.strip() in ("True", "False")
    ]
    assert not shown


def test_sentences_of_a_page(tmp_path):
    """The measure itself: what counts as a sentence, and what does not."""
    page = tmp_path / "page.rst"
    page.write_text(
        "Title of the page\n=================\n\n"
        "The first sentence has ``some code``. :class:`Model` begins the\nsecond sentence "
        "here, with :ref:`a link <label>`.\n\n"
        "- an item of a list of names\n- two words\n\n"
        ">>> print('this is no sentence at all')\nthis is no sentence at all\n\n"
        ".. note::\n\n   A note is measured too.\n\n"
        ".. code-block:: python\n\n   this is not measured at all\n\n"
        "=====  =====\nthis is  a table\n=====  =====\na row of it  here\n=====  =====\n\n"
        "Code of four lines::\n\n    this is no sentence too\n\nThe last sentence is short.\n",
        encoding="utf8",
    )
    assert title_of(page.read_text("utf8")) == "Title of the page"
    assert [" ".join(words) for words in sentences_of(page)] == [
        "The first sentence has Code",
        "Code begins the second sentence here with a link",
        "an item of a list of names",
        "A note is measured too",
        "Code of four lines",
        "The last sentence is short",
    ]


def test_sentences_of_markdown(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# A heading of four words\n\nSee [the page of links](url) for more. "
        "Numbers such as 0.95 stay whole.\n\n```sh\npip install four words here\n```\n\n"
        "| a | table | of | words |\n",
        encoding="utf8",
    )
    assert [len(words) for words in sentences_of(page)] == [7, 6]
