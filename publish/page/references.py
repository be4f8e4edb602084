"""What the notes refer to: docs/references.toml, and `[@key]` on a page.

- [@smith2017]: the sweep.  an item of a list: the whole reference
as [@smith2017] found       anywhere else: Smith (2017), or in brackets Smith, 2017
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

FILE = Path("docs", "references.toml")
CITED = re.compile(r"(?P<item>^\s*- )?(?P<open>\()?\[@(?P<key>[\w-]+)\]")
HOSTS = {"doi": "https://doi.org/", "arxiv": "https://arxiv.org/abs/", "url": ""}


@dataclass(frozen=True)
class Reference:
    """A source: who wrote it, what it is, and one of three ways to find it.

    `doi` or `arxiv` where it has one; the `url` of what has neither.
    """

    key: str
    authors: list[str]
    title: str
    year: int | None = None
    where: str = ""  # the journal with volume and pages, or the conference
    doi: str = ""
    arxiv: str = ""
    url: str = ""

    @property
    def link(self) -> str:
        """The address where it can be read."""
        kind = next(kind for kind in HOSTS if getattr(self, kind))
        return f"{HOSTS[kind]}{getattr(self, kind)}"

    def short(self, in_brackets: bool) -> str:
        """As prose names it: "Kullback and Leibler (1951)", linked."""
        names = [author.split(". ")[-1] for author in self.authors]
        said = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
        year = f", {self.year}" if in_brackets else f" ({self.year})"
        return f"[{said}{year}]({self.link})"

    @property
    def full(self) -> str:
        """As a list of sources names it."""
        *most, last = self.authors
        who = f"{', '.join(most)} and {last}" if most else last
        if self.year:
            who += f" ({self.year})"
        name = f"*{self.title}*"
        if self.doi:
            link = f"[doi:{self.doi}]({self.link})"
        elif self.arxiv:
            link = f"[arXiv:{self.arxiv}]({self.link})"
        else:
            name, link = f"[{name}]({self.link})", ""
        return ", ".join(filter(None, (who, name, self.where, link)))


def read(root: Path) -> dict[str, Reference]:
    """All references by their key; {} for a site without any."""
    path = root / FILE
    return parsed(path.read_text("utf-8") if path.exists() else "")


@functools.cache  # every citation reads it
def parsed(text: str) -> dict[str, Reference]:
    """What a file of references lists."""
    listed = tomllib.loads(text)
    return {key: Reference(key=key, **about) for key, about in listed.items()}
