# SPDX-License-Identifier: BSD-3-Clause
"""Check the built site: no dead link, and no page that scrolls sideways.

    python .ci/check_site.py docs/_build/html
    python .ci/check_site.py docs/_build/html --browser /usr/bin/chromium

The links need nothing. The widths need a Chromium and the package playwright.
"""

import argparse
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

#: Widths of a laptop and of a phone, in pixels.
WIDTHS = (1300, 400)


class Page(HTMLParser):
    """Targets and links of a page."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Collect ids, and what is linked or embedded."""
        values = dict(attrs)
        self.ids |= {values[key] for key in ("id", "name") if values.get(key)}
        key = {"a": "href", "link": "href", "img": "src", "script": "src"}.get(tag)
        if key and values.get(key):
            self.links.add(values[key])


def pages_of(folder):
    """Pages of a site by path; the parts that pages include are none."""
    paths = (path for path in folder.rglob("*.html") if "_static" not in path.parts)
    return {path.resolve(): Page(path.read_text("utf8")) for path in paths}


def dead_links(pages):
    """Yield each link within the site that leads nowhere."""
    for path, page in pages.items():
        for link in sorted(page.links):
            address, fragment = urldefrag(link)
            if urlsplit(link).scheme or link.startswith("//"):
                continue
            name = unquote(urlsplit(address).path)
            target = (path.parent / name).resolve() if name else path
            is_dead = not target.exists()
            if fragment and target in pages:
                is_dead = unquote(fragment) not in pages[target].ids
            if is_dead:
                yield f"{path.name}: {link}"


def wide_pages(pages, browser):
    """Yield each page that is wider than its window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        for width in WIDTHS:
            window = chromium.new_page(viewport={"width": width, "height": 900})
            for path in pages:
                window.goto(path.as_uri())
                own = window.evaluate("document.documentElement.scrollWidth")
                if own > width:
                    yield f"{path.name}: {own} pixels wide in a window of {width}"
        chromium.close()


def main():
    """Print what is wrong; the exit status says whether anything is."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--browser")
    options = parser.parse_args()
    pages = pages_of(options.folder)
    if not pages:
        sys.exit(f"{options.folder} has no pages.")
    problems = list(dead_links(pages))
    if options.browser:
        problems += wide_pages(pages, options.browser)
    print(f"{len(pages)} pages, {len(problems)} problems", *problems, sep="\n")
    sys.exit(bool(problems))


if __name__ == "__main__":
    main()
