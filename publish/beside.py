"""What the site holds beside its pages, for those who read with a machine.

`page.md` in each page's folder is the page as Markdown, with its code, outputs and
numbers in place; `llms.txt` lists these; `robots.txt` names the sitemap.
"""

from __future__ import annotations

import re
from pathlib import Path

from publish import downloads
from publish.notebook import FRONT_MATTER
from publish.pages import EXPECTED, FENCE, Page, pages

ANCHOR = re.compile(r"(?<=^## )(.+) \{ #[\w-]+ \}$")
WRAPPER = re.compile(r"^</?div.*\n?", re.MULTILINE)
FOLD = re.compile(r'^\?\?\? \w+ "(?P<title>.+)"$')


def markdown(page: Page) -> str:
    """A page as plain Markdown that stands alone: nothing folded, its links whole."""
    lines: list[str] = []
    folded = False
    for line in page.expand(FRONT_MATTER.sub("", page.text)).lines:
        if fold := FOLD.match(line):
            folded = True
            lines.append(f"*{fold['title']}:*")
            continue
        folded = folded and (not line or line.startswith("    "))
        line = line.removeprefix("    ") if folded else line
        line = ANCHOR.sub(r"\1", line)
        fence = FENCE.match(line)
        if fence and fence["info"].startswith("{"):  # attributes: an output's
            line = f"{fence['ticks']}text"
        if line.strip() != EXPECTED:
            lines.append(line)
    text = downloads.portable(page, "\n".join(lines), pictures=True)
    return WRAPPER.sub("", text) + "\n"


def described(page: Page) -> str:
    """The description in a page's front matter."""
    found = re.search(r"\A---\ndescription: (.+)$", page.text, re.MULTILINE)
    return found[1] if found else ""


def files(root: Path) -> dict[str, str]:
    """What is written beside the built pages: texts by their place in the site."""
    index = Page(root / "docs" / "index.md", root)
    nav = (root / "mkdocs.yml").read_text("utf-8")
    site = index.configured("site_url")
    made: dict[str, str] = {}
    listed = []
    for page in sorted(pages(root), key=lambda page: nav.find(f"{page.slug}.")):
        place = downloads.place(page)
        made[f"{place}page.md"] = markdown(page)
        if page.path != index.path:
            link = f"[{page.title}]({site}/{place}page.md)"
            listed.append(f"- {link}: {described(page)}")
    head = [f"# {index.title}", "", f"> {described(index)}", "", "## Pages", ""]
    made["llms.txt"] = "\n".join([*head, *listed]) + "\n"
    made["robots.txt"] = f"User-agent: *\nAllow: /\n\nSitemap: {site}/sitemap.xml\n"
    return made


def write(root: Path, site: Path) -> None:
    """Put them beside the pages that were built into `site`."""
    for place, text in files(root).items():
        path = site / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
