"""What MkDocs itself needs beside the Markdown extension.

The notebook page rendered by the site's own Markdown, templates of ours, a line number
in MkDocs' warnings about links, files beside the pages, and lighter pages.
"""

from __future__ import annotations

import logging
import re
from html import unescape
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from mkdocs.utils.meta import get_data
from mkdocs_jupyter.config import settings

from publish.forms import page_md
from publish.forms.notebook import is_notebook, path_of
from publish.forms.site_markdown import framed
from publish.page.source import Page as Note
from publish.page.source import notes
from publish.site import style_sheet
from publish.site.serve import on_env as on_env  # MkDocs finds them here
from publish.site.serve import on_serve as on_serve

LINK_WARNING = re.compile(
    r"^Doc file '(?P<file>[^']+)' contains .*?link '(?P<link>[^']+)'"
)
PREFORMATTED = re.compile(r"(<(pre|script|textarea)\b.*?</\2>)", re.DOTALL)
BLANK = re.compile(r"\n\s+")


class WithLine(logging.Filter):
    """Put the page's path and line in front of MkDocs' warning about a link."""

    def __init__(self, docs: Path) -> None:
        super().__init__()
        self.docs = docs

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if found := LINK_WARNING.match(message):
            path = self.docs / found["file"]
            lines = path.read_text("utf-8").split("\n") if path.exists() else []
            wanted = f"]({found['link']})"
            line = next((i for i, t in enumerate(lines, 1) if wanted in t), 1)
            where = path.relative_to(self.docs.parent)
            record.msg = f"{where}:{line}: {message} Correct the link or its target."
            record.args = ()
        return True


def on_startup(command: str, dirty: bool) -> None:
    settings.templates_dir = str(Path(__file__).with_name("templates"))


def on_config(config: MkDocsConfig) -> None:
    notes(Path(config.docs_dir).parent)
    # Not custom_dir in mkdocs.yml: Zensical would take these templates for its own.
    config.theme.dirs.insert(0, str(Path(__file__).with_name("theme")))
    logger = logging.getLogger(Page.__module__)  # of MkDocs, or of ProperDocs
    for old in [f for f in logger.filters if isinstance(f, WithLine)]:
        logger.removeFilter(old)
    logger.addFilter(WithLine(Path(config.docs_dir)))


def on_files(files: Files, config: MkDocsConfig) -> None:
    # mkdocs-jupyter renders a page that is read from a notebook's path.
    for note in filter(is_notebook, notes(Path(config.docs_dir).parent)):
        if file := files.get_file_from_path(f"notes/{note.path.name}"):
            file.abs_src_path = str(path_of(note))


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:
    # Remove the indentation of the theme's markup: it was a fifth of a page.
    parts = PREFORMATTED.split(output)  # between, whole, its tag, between, …
    parts[::3] = [BLANK.sub("\n", between) for between in parts[::3]]
    del parts[2::3]
    return "".join(parts)


def on_post_build(config: MkDocsConfig) -> None:
    page_md.write(Path(config.docs_dir).parent, Path(config.site_dir))
    style_sheet.lighten(Path(config.site_dir))


def on_page_content(
    html: str, page: Page, config: MkDocsConfig, files: Files
) -> str | None:
    notebook = Path(str(page.file.abs_src_path))
    if notebook.suffix != ".ipynb":
        return None
    source = notebook.with_suffix(".md")
    # mkdocs-jupyter read the notebook through our template, which wrote Markdown,
    # and put a style sheet for its own highlighting behind it.
    # nbconvert has parsed it as if it were HTML, and escaped each "<" of the code.
    lines = unescape(html.partition("<style>")[0]).split("\n")
    note = Note(source, source.parents[2])
    page.markdown = "\n".join(framed(note, lines))
    page.meta = dict[str, Any](get_data(source.read_text("utf-8"))[1])
    Page.render(page, config, files)
    return page.content
