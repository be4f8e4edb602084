"""The Python-Markdown extension that shows a page's program, figures and mathematics.

An extension rather than a MkDocs plugin: whatever builds the site with
Python-Markdown shows the same pages.
"""

from __future__ import annotations

import re
from html import escape, unescape
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.extensions import Extension
from markdown.postprocessors import Postprocessor
from markdown.preprocessors import Preprocessor
from markdown.treeprocessors import Treeprocessor
from markdown.util import AtomicString

from publish.forms import site_markdown
from publish.page.glossary import read
from publish.page.source import FIGURE, find_page
from publish.project import ROOT

VIEW_BOX = re.compile(r'viewBox="0 0 (?P<width>[\d.]+) (?P<height>[\d.]+)"')
PIXELS_PER_POINT = 4 / 3
# latex2mathml sets "log q" as "logq". TeX puts a space behind a function's name,
# unless a bracket follows.
FUNCTION = re.compile(r"<mi>(?:exp|ln|log|max|min)</mi>(?!<mo[^>]*>(?:&#x00028;|\())")
# HTML needs neither namespaces nor entities, and they were half of a formula.
NAMESPACE = re.compile(r' xmlns="[^"]+"')
ENTITY = re.compile(r"&#x[0-9A-Fa-f]+;")
# What Pygments marks in code, and the elements that mark it in fewer bytes.
TOKEN = re.compile(r'<span class="(?P<kind>[a-z]{1,2}\d?)">(?P<code>[^<]*)</span>')
MARKS = {"c": "i", "k": "b", "s": "u"}  # comments, keywords, strings
TOGETHER = re.compile(r"</([biu])>(\s*)<\1>")
# No word is explained in these: their text is no prose, or they are controls already.
NOT_EXPLAINED = {"a", "code", "dt", "h1", "h2", "h3", "pre", "summary"}


class Expand(Preprocessor):
    """Put cells, outputs and numbers in place before anything else is parsed."""

    def __init__(self, md: Markdown, root: Path) -> None:
        super().__init__(md)
        self.root = root

    def run(self, lines: list[str]) -> list[str]:
        text = "\n".join(lines)
        page = find_page(text, self.root)
        if page is None:  # the notebook, expanded already, or a plugin's text
            return lines
        return site_markdown.of(page, text)


class Figures(Treeprocessor):
    """Give each published figure its dark twin and its size."""

    def __init__(self, md: Markdown, root: Path) -> None:
        super().__init__(md)
        self.root = root

    def run(self, root: Element) -> None:
        for parent in list(root.iter()):
            for position, image in enumerate(list(parent)):
                found = image.tag == "img" and FIGURE.search(image.get("src", ""))
                if found:
                    parent.remove(image)
                    parent.insert(position, self._figure(image, found))

    def _figure(self, image: Element, found: re.Match[str]) -> Element:
        source = image.get("src", "")
        path = self.root / "docs" / found[0]
        size = VIEW_BOX.search(path.read_text("utf-8"))
        assert size, f"{path} is no drawing of ours"
        # Scripts show the figure enlarged; without them, the link opens its drawing.
        figure = Element("a", {"class": "figure", "href": source})
        figure.tail, image.tail = image.tail, None
        for scheme in ("light", "dark"):
            twin = SubElement(figure, "img", dict(image.attrib))
            twin.set(
                "src", source.replace("-light.svg", f"-{scheme}.svg#only-{scheme}")
            )
            # With the size known, the text below does not jump when the image arrives.
            for side in ("width", "height"):
                twin.set(side, f"{float(size[side]) * PIXELS_PER_POINT:.0f}")
            # Browsers fetch no lazy image that is hidden: so only one twin is fetched.
            twin.set("loading", "lazy")
        return figure


class Mathematics(Treeprocessor):
    """Turn the TeX that Arithmatex found into MathML, which browsers show as it is."""

    def run(self, root: Element) -> None:
        for element in root.iter():
            if element.get("class") == "arithmatex" and element.text:
                display = "block" if element.tag == "div" else "inline"
                # Arithmatex escapes display formulas, but not inline ones.
                tex = unescape(element.text.strip()[2:-2])
                mathml = convert(tex, display=display)
                mathml = FUNCTION.sub(r'\g<0><mspace width="0.17em"/>', mathml)
                mathml = NAMESPACE.sub("", ENTITY.sub(self._character, mathml))
                element.text = self.md.htmlStash.store(mathml)

    def _character(self, entity: re.Match[str]) -> str:
        return escape(unescape(entity[0]))


class Glossary(Treeprocessor):
    """Say what a word means where the page first uses it, on hover and focus."""

    def __init__(self, md: Markdown, root: Path) -> None:
        super().__init__(md)
        self.root = root

    def run(self, root: Element) -> None:
        for term in root.iter("dt"):
            term.set("id", re.sub(r"\W+", "-", (term.text or "").partition(",")[0]))
        self._remember({} if root.find(".//dt") is not None else read(self.root))
        self._walk(root)

    def _remember(self, meanings: dict[str, str]) -> None:
        self.meanings = meanings
        words = "|".join(sorted(map(re.escape, meanings), key=len, reverse=True))
        self.words = re.compile(rf"(?<![\w-])(?:{words})(?![\w-])")

    def _walk(self, parent: Element) -> None:
        if parent.tag in NOT_EXPLAINED or "admonition-title" in parent.get("class", ""):
            return
        children = list(parent)
        parent.text = self._explain(parent.text, parent, 0)
        for child in children:
            self._walk(child)
            child.tail = self._explain(child.tail, parent, [*parent].index(child) + 1)

    def _explain(self, text: str | None, parent: Element, index: int) -> str | None:
        """Insert the first word to explain, and the rest; return the text before it."""
        if not text or isinstance(text, AtomicString) or not self.meanings:
            return text
        found = self.words.search(text)
        if not found:
            return text
        meaning = self.meanings[found[0]]
        self._remember({w: m for w, m in self.meanings.items() if m != meaning})
        # Without a tabindex, neither keyboard nor touch screen reaches the word.
        word = Element("abbr", {"title": meaning, "tabindex": "0"})
        word.text = AtomicString(found[0])
        parent.insert(index, word)
        word.tail = self._explain(text[found.end() :], parent, index + 1)
        return text[: found.start()]


class ShortCode(Postprocessor):
    """Mark comments, keywords and strings only: all the marks were half of a page."""

    def run(self, text: str) -> str:
        marked = TOKEN.sub(self._mark, text.replace("<pre><span></span>", "<pre>"))
        return TOGETHER.sub(r"\2", marked)

    def _mark(self, token: re.Match[str]) -> str:
        kind = "k" if token["kind"] == "ow" else token["kind"][0]  # "ow": and, in, not
        mark = MARKS.get(kind)
        return f"<{mark}>{token['code']}</{mark}>" if mark else token["code"]


class DescentNotes(Extension):
    """All of the above; `root` is the project's folder."""

    def __init__(self, **kwargs: object) -> None:
        self.config = {"root": [str(ROOT), "the project's folder"]}
        super().__init__(**kwargs)

    def extendMarkdown(self, md: Markdown) -> None:
        root = Path(self.getConfig("root"))
        md.preprocessors.register(Expand(md, root), "descent-expand", 200)
        # After inline patterns (20) have made the images and found the TeX, and
        # before the builder makes their paths relative (0).
        md.treeprocessors.register(Figures(md, root), "descent-figures", 10)
        md.treeprocessors.register(Mathematics(md), "descent-mathematics", 9)
        md.treeprocessors.register(Glossary(md, root), "descent-glossary", 8)
        # After the stashed blocks are back in place (30).
        md.postprocessors.register(ShortCode(md), "descent-short-code", 5)


def makeExtension(**kwargs: object) -> DescentNotes:
    return DescentNotes(**kwargs)
