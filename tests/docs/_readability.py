# SPDX-License-Identifier: BSD-3-Clause
"""Sentences of the documentation: prose without code, tables, directives and titles."""

import itertools
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
UNDERLINE = re.compile(r"([=\-~^\"'#*+])\1{2,}\s*$")
TABLE_RULE = re.compile(r"\s*={2,}(\s+={2,})+\s*$")
ITEM = re.compile(r"\s*(?:[-*+]|#\.|\d+\.)\s+")
DIRECTIVE = re.compile(r"\s*\.\.(\s|$)")
#: Directives whose content is prose.
PROSE = re.compile(r"\s*\.\. (?:glossary|important|note|seealso|tip|warning)::")
ROLE_WITH_TEXT = re.compile(r":[\w:]+:`([^`<]+?)\s*<[^`]*>`")
ROLE = re.compile(r":[\w:]+:`[^`]*`")
LINK = re.compile(r"`([^`<]+?)\s*<[^`]*>`_+")
CODE = re.compile(r"``[^`].*?``|`[^`]+`_?", re.DOTALL)
FOOTNOTE = re.compile(r"\s*\[\d+\]_")
MARKDOWN_LINK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)")
SENTENCE_END = re.compile(r"(?<=[.!?])[\"')*]*\s+(?=[\"'(*]*[A-Z0-9])")
WORD = re.compile(r"[^\W_](?:[\w'+.%/-]*[\w%+])?")
#: Shorter fragments, such as the items of a list of names, are no sentences.
FEWEST_WORDS = 4


def pages():
    """Return the pages of the documentation, and the README."""
    built = {"_build", "_templates", "auto_examples", "changes", "generated"}
    built |= {"sg_execution_times.rst"}
    found = [
        path
        for path in sorted(DOCS.rglob("*.rst"))
        if not built & set(path.relative_to(DOCS).parts)
    ]
    return [ROOT / "README.md", *found]


def name_of(path):
    """Return the path of a page below the checkout, with slashes."""
    return path.relative_to(ROOT).as_posix()


def title_of(text):
    """Return the title of a page in reStructuredText."""
    lines = text.splitlines()
    for line, below in itertools.pairwise(lines):
        if line.strip() and UNDERLINE.match(below):
            return line.strip()
    raise ValueError("Got a page without a title.")


def sentences_of(path):
    """Return the sentences of a page, each as a list of words."""
    text = path.read_text("utf8")
    is_markdown = path.suffix == ".md"
    paragraphs = _markdown(text) if is_markdown else _restructured(text)
    found = []
    for paragraph in paragraphs:
        plain = _without_markup(paragraph)
        for sentence in SENTENCE_END.split(plain):
            words = WORD.findall(sentence)
            if len(words) >= FEWEST_WORDS:
                found.append(words)
    return found


def _without_markup(text):
    """Replace code and references by one word, which begins a sentence if need be."""
    text = ROLE_WITH_TEXT.sub(r"\1", text)
    text = LINK.sub(r"\1", ROLE.sub("Code", text))
    text = MARKDOWN_LINK.sub(r"\1", text)
    text = FOOTNOTE.sub("", CODE.sub("Code", text))
    return text.replace("**", "").replace("|", "")


def _markdown(text):
    """Return the paragraphs of a page in Markdown."""
    text = re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"<[^>]+>", "", text)
    lines = [
        "" if line.startswith(("#", "|", "!")) else line for line in text.splitlines()
    ]
    return _paragraphs(lines)


def _restructured(text):
    """Return the paragraphs of a page in reStructuredText."""
    lines, kept, position = text.splitlines(), [], 0
    while position < len(lines):
        line = lines[position]
        below = lines[position + 1] if position + 1 < len(lines) else ""
        if PROSE.match(line):
            position += 1
        elif DIRECTIVE.match(line):
            position = _after_block(lines, position)
        elif line.lstrip().startswith(">>>"):
            while position < len(lines) and lines[position].strip():
                position += 1
        elif TABLE_RULE.match(line):
            position = _after_table(lines, position)
        elif line.strip() and UNDERLINE.match(below) and not UNDERLINE.match(line):
            position += 2
        elif line.rstrip().endswith("::"):
            kept.append(line.rstrip()[:-1])
            position = _after_block(lines, position)
        else:
            kept.append(line)
            position += 1
            continue
        kept.append("")
    return _paragraphs(kept)


def _indent(line):
    return len(line) - len(line.lstrip())


def _after_block(lines, start):
    """Return the position behind the indented lines that follow `start`."""
    position = start + 1
    while position < len(lines) and (
        not lines[position].strip() or _indent(lines[position]) > _indent(lines[start])
    ):
        position += 1
    return position


def _after_table(lines, start):
    """Return the position behind the last rule of a simple table."""
    last = start
    for position in range(start, len(lines)):
        if TABLE_RULE.match(lines[position]):
            last = position
            if position + 1 == len(lines) or not lines[position + 1].strip():
                break
    return last + 1


def _paragraphs(lines):
    """Join lines to paragraphs; items of lists and terms of definitions are their own."""
    found, current, indent = [], [], 0
    for line in [*lines, ""]:
        item = ITEM.match(line)
        depth = item.end() if item else _indent(line)
        if current and (not line.strip() or item or depth != indent):
            found.append(" ".join(current))
            current = []
        if line.strip():
            current.append(line[item.end() :].strip() if item else line.strip())
            indent = depth
    return found
