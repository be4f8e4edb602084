"""A page to take away: its program as a script and as a notebook, and the links there.

Both are published beside the page's figures: whoever builds the site copies them, and
Colab opens the notebook from the repository.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from publish import standalone
from publish.pages import IMAGE, Page

ORDER = "Run the cells from the top; your own words go into the set-up's first lines."
NEEDS = "Python 3.11 or later, torch and matplotlib"
RELATIVE = re.compile(
    r"(?<=\]\()(?!\w+:|//)(?P<path>[^)#\s]*)(?P<anchor>#[^)\s]+)?(?=\))"
)


def script_of(page: Page) -> Path:
    """Where the page's script is published."""
    return page.published / f"{page.snippet.stem}.py"


def notebook_of(page: Page) -> Path:
    """Where the notebook to download is published."""
    return page.published / f"{page.snippet.stem}.ipynb"


def card_of(page: Page) -> Path:
    """Where the picture that stands for the page elsewhere is published."""
    return page.published / "card.png"


def place(page: Page) -> str:
    """The page's folder on the site: "" for the first page."""
    inside = page.path.relative_to(page.root / "docs").with_suffix("").as_posix()
    return "" if inside == "index" else f"{inside}/"


def address(page: Page) -> str:
    """Where the page is on the hosted site."""
    return f"{page.configured('site_url')}/{place(page)}"


def script(page: Page) -> str:
    """The page's program in "# %%" cells, as editors and Jupytext read them."""
    head = [f"# {page.title}", f"# From Descent Notes: {address(page)}"]
    cells = ["\n".join([*head, f"# Needs {NEEDS}."]) + "\n"]
    for block in standalone.blocks(page.expand(numbers=False)):
        name = block.name.removeprefix("code-")
        cells.append(f"# %% {name}\n{block.code.strip()}\n")
    return "\n".join(cells)


def colab(page: Page) -> str:
    """Where Colab opens the page's notebook, or "" where no repository is known."""
    repository = page.configured("repo_url")
    if not repository.startswith("https://github.com/"):
        return ""
    path = repository.removeprefix("https://github.com/")
    file = notebook_of(page).relative_to(page.root).as_posix()
    return f"https://colab.research.google.com/github/{path}/blob/main/{file}"


def framed(page: Page, lines: list[str]) -> list[str]:
    """A note's lines with what stands around them on the site.

    Under its heading, how long it takes to read and the ways to take it away; at its
    end, how to cite it.
    """
    if not page.is_note:
        return lines
    # The button is in its place before the script that it calls arrives.
    links = ['<button type="button">Copy the whole program</button>']
    links += [
        f"[Download .{path.suffix[1:]}](../published/{page.slug}/{path.name})"
        f'{{ download="{path.name}" }}'
        for path in (script_of(page), notebook_of(page))
    ]
    if there := colab(page):
        links.append(f"[Open in Colab]({there})")
    heading = next(i for i, line in enumerate(lines) if line.startswith("# "))
    time = f"{page.minutes} minutes to read, without the code."
    top = ["", time, "{ .time }", "", " ".join(links), "{ .take }", ""]
    end = ["", '??? quote "Cite this page"', "", "    ```{.text .cite}"]
    end += [f"    {line}" for line in bibtex(page).splitlines()]
    return [*lines[: heading + 1], *top, *lines[heading + 1 :], *end, "    ```", ""]


def bibtex(page: Page) -> str:
    """How to cite a page, as CITATION.cff says of all of them."""
    cff = (page.root / "CITATION.cff").read_text("utf-8")
    about = dict(re.findall(r"^ *(?:- )?([\w-]+): *\"?(.+?)\"?$", cff, re.MULTILINE))
    title = about["title"].partition(":")[0]
    return f"""\
@misc{{descent-notes-{page.slug},
  author = {{{{{about["name"]}}}}},
  title = {{{page.title}}},
  howpublished = {{{title} {about["version"]}}},
  year = {{{about["date-released"][:4]}}},
  url = {{{address(page)}}},
}}"""


def introduced(page: Page, text: str) -> str:
    """The prose of a notebook's first cell, which says where it is from, and needs."""
    whence = f"From [Descent Notes]({address(page)})."
    needs = f"Needs {NEEDS}: `pip install torch matplotlib`."
    heading = re.compile(r"^# .+$", re.MULTILINE)
    return heading.sub(rf"\g<0>\n\n{whence} {needs} {ORDER}", text, count=1)


def portable(page: Page, text: str, pictures: bool = False) -> str:
    """Prose, away from the site: see `absolute`; no styles, no folds.

    Without `pictures` for a notebook, whose cells draw them.
    """
    lines: list[str] = []
    claim = False
    for line in (text if pictures else IMAGE.sub("", text)).split("\n"):
        if line.startswith('<div class="admonition claim"'):
            claim = True
        elif claim and line == "</div>":
            claim = False
        elif title := re.match(r'<p class="admonition-title">(.+)</p>', line):
            lines += [f"> **{title[1]}.**"]
        elif not re.match(r"\?\?\? ", line):
            lines.append(f"> {line}".rstrip() if claim else line)
    return absolute(page, "\n".join(lines).strip())


def absolute(page: Page, text: str) -> str:
    """Markdown whose links lead to the hosted site from wherever it is read."""
    site = page.configured("site_url")
    here = page.path.parent.relative_to(page.root / "docs")

    def there(found: re.Match[str]) -> str:
        path, anchor = found["path"], found["anchor"] or ""
        if not path:
            return address(page) + anchor
        inside = posixpath.normpath(posixpath.join(here, path))
        stem, suffix = posixpath.splitext(inside)
        if suffix == ".md":
            inside = "" if stem == "index" else f"{stem}/"
        return f"{site}/{inside}{anchor}"

    return RELATIVE.sub(there, text)
