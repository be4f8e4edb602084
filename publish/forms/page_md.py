"""The files beside the site's pages for programs that read it.

`page.md` in each page's folder is the page as Markdown, with its code, outputs and
numbers in place; `llms.txt` lists these; `robots.txt` names the sitemap.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from publish.forms.site_markdown import fenced
from publish.page.claims import TITLES
from publish.page.fences import EXPECTED, is_inside
from publish.page.parts import Part, Prose, Stated, parts
from publish.page.places import absolute, site_folder
from publish.page.source import Page, in_order, pages
from publish.project import configured

VERDICT = re.compile(r'^!!! verdict "(?P<said>.+)"$')
ANCHOR = re.compile(r"(?<=^## )(.+) \{ #[\w-]+ \}$")
WRAPPER = re.compile(r"^</?div.*\n?", re.MULTILINE)


def of(page: Page) -> str:
    """A page as plain Markdown that stands alone: nothing folded, links absolute."""
    lines = [line for part in parts(page, page.body) for line in _lines(part)]
    text = absolute(page, "\n".join(lines).strip())
    return WRAPPER.sub("", text) + "\n"


def _lines(part: Part) -> list[str]:
    if isinstance(part, Prose):
        return [ANCHOR.sub(r"\1", line) for line in judged(part.lines)]
    if isinstance(part, Stated):
        return [*quoted(part), *_lines(part.block), ""]
    title = [f"*{part.fold[1]}:*", ""] if part.fold else []
    shown = fenced(replace(part, fold=None), part.language)
    marks = re.compile(r"^(`+)\{.*\}$")  # an output's attributes
    return [*title, *(marks.sub(r"\1text", line) for line in shown if line != EXPECTED)]


def judged(lines: list[str]) -> list[str]:
    """Prose whose verdict, a box on the site, is a line in bold above what it holds."""
    found: list[str] = []
    inside = False
    for line in lines:
        if head := VERDICT.match(line):
            found.append(f"**{head['said']}.**")
            inside = True
            continue
        inside = inside and is_inside(line)
        found.append(line.removeprefix("    ") if inside else line)
    return found


def quoted(stated: Stated) -> list[str]:
    """A claim's statement as a quotation."""
    claim, held = stated.claim, []
    if stated.measured:
        place = f"../claims.md#{claim.path.stem}"
        seeds = f"[{stated.measured['seeds']} seeds]({place})"
        held = [f"<small>{seeds}. Held to: {claim.bound}.</small>"]
    lines = [f"**{TITLES[claim.kind]}.**", *stated.said, "", *held, ""]
    return [*(f"> {line}".rstrip() for line in lines), ""]


def described(page: Page) -> str:
    """The description in a page's front matter."""
    found = re.search(r"\A---\ndescription: (.+)$", page.text, re.MULTILINE)
    return found[1] if found else ""


def files(root: Path) -> dict[str, str]:
    """What is written beside the built pages: texts by their place in the site."""
    index = Page(root / "docs" / "index.md", root)
    site = configured(root, "site_url")
    made: dict[str, str] = {}
    listed = []
    for page in in_order(pages(root), root):
        folder = site_folder(page)
        made[f"{folder}page.md"] = of(page)
        if page.path != index.path:
            link = f"[{page.title}]({site}/{folder}page.md)"
            listed.append(f"- {link}: {described(page)}")
    head = [f"# {index.title}", "", f"> {described(index)}", "", "## Pages", ""]
    made["llms.txt"] = "\n".join([*head, *listed]) + "\n"
    made["robots.txt"] = f"User-agent: *\nAllow: /\n\nSitemap: {site}/sitemap.xml\n"
    return made


def write(root: Path, site: Path) -> None:
    """Write these files beside the pages that were built into `site`."""
    for name, text in files(root).items():
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
