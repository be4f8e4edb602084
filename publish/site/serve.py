"""What `mkdocs serve` needs to show a change within a second, and what it says.

Changes are looked for every tenth of a second, not every half. A rebuild reuses all
pages, highlighted code and templates that have not changed. A mistake is one line, not
a traceback, and a program that has changed since its results were published is named.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymdownx.highlight
from click import ClickException
from jinja2 import Environment, FileSystemBytecodeCache
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page
from watchdog.observers.polling import PollingObserver

from publish.forms import script
from publish.page.places import script_of
from publish.page.source import notes
from publish.project import is_source

INTERVAL = 0.1  # seconds
# The attributes that MkDocs sets on a page as it renders it.
RENDERED = ("content", "toc", "_title_from_render", "present_anchor_ids")
log = get_plugin_logger("publish")


# The templates that were compiled.
COMPILED = tempfile.TemporaryDirectory()


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:
    """Compile no template twice."""
    env.bytecode_cache = FileSystemBytecodeCache(COMPILED.name)


def keep_highlighted() -> None:
    """Highlight no code twice: that was a third of a rebuild."""
    highlight = pymdownx.highlight.highlight
    kept: dict[Any, str] = {}

    def kept_or_made(code: str, lexer: Any, formatter: Any) -> str:
        how = [
            (type(made), sorted(made.options.items())) for made in (lexer, formatter)
        ]
        key = code, repr(how)
        if key not in kept:
            kept[key] = highlight(code, lexer, formatter)
        return kept[key]

    pymdownx.highlight.highlight = kept_or_made


class Count(logging.Filter):
    """How many warnings there were."""

    warnings = 0

    def filter(self, record: logging.LogRecord) -> bool:
        self.warnings += record.levelno >= logging.WARNING
        return True


class Rendered:
    """The pages rendered so far, each kept until it or a file that is no page changes.

    A page with a warning is rendered each time, so that the warning is repeated.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.render, self.count = Page.render, Count()
        self.kept: dict[str, tuple[Any, dict[str, Any], dict[str, Any]]] = {}
        logging.getLogger(Page.__module__).addFilter(self.count)
        # In this process only, as MkDocs has no hook before a page is rendered.
        Page.render = lambda *about: self.page(*about)  # type: ignore[method-assign]
        self.look()

    def look(self) -> None:
        """Note which pages there are, and when each other file last changed."""
        folders = [self.root / name for name in ("docs", "publish", "snippets")]
        found = [path for folder in folders for path in folder.rglob("*.*")]
        files = [path for path in found if is_source(path, self.root)]
        files += [self.root / "mkdocs.yml", self.root / "CITATION.cff"]
        # The glossary counts as no page here: all pages explain its words.
        own = [f for f in files if f.suffix == ".md" and f.stem != "glossary"]
        others = {*files} - {*own}
        self.seen = [*map(str, own)]
        self.seen += [f"{f} {f.stat().st_mtime_ns}" for f in others if f.is_file()]
        self.seen.sort()

    def page(self, page: Page, config: MkDocsConfig, files: Files) -> None:
        """Render a page, or set what was kept when it was last rendered."""
        about, name = (page.markdown, self.seen), page.file.src_uri
        if name in self.kept and self.kept[name][0] == about:
            _, values, links = self.kept[name]
            vars(page).update(values)
            there = {files.get_file_from_path(to): at for to, at in links.items()}
            page.links_to_anchors = {to: at for to, at in there.items() if to}
            return
        before = self.count.warnings
        self.render(page, config, files)
        if self.count.warnings == before:
            links = {to.src_uri: at for to, at in (page.links_to_anchors or {}).items()}
            values = {key: vars(page)[key] for key in RENDERED}
            self.kept[name] = about, values, links


def on_serve(
    server: LiveReloadServer, config: MkDocsConfig, builder: Callable[..., None]
) -> None:
    """Look for changes more often, and say what is wrong."""
    root = Path(config.docs_dir).parent
    watched = [config.docs_dir, config.config_file_path]
    for path in watched:
        server.unwatch(path)
    server.observer = PollingObserver(timeout=INTERVAL)
    server.build_delay = INTERVAL / 2  # a change is complete after so long without news
    for path in watched:
        server.watch(path)

    rendered = Rendered(root)

    def rebuild() -> None:
        try:
            rendered.look()
            builder()
            name_unpublished(root)
        except ClickException as error:
            raise Abort(error.format_message()) from None

    bind = server.server_bind

    def bind_or_say() -> None:
        try:
            bind()
        except OSError as error:
            host, port = config.dev_addr
            problem = f"{host}:{port} can't be served at ({error.strerror})."
            other = "Another port: make serve PORT=8001, or mkdocs serve -a {}:8001."
            raise Abort(f"{problem} {other.format(host)}") from None

    # The standard library's server has no hook for a failing bind.
    server.server_bind = bind_or_say  # type: ignore[method-assign]
    server.builder = rebuild
    keep_highlighted()
    name_unpublished(root)


def name_unpublished(root: Path) -> None:
    """Warn of programs that have changed since the results on pages were published."""
    for page in notes(root):
        published = script_of(page)
        shown = published.read_text("utf-8") if published.exists() else ""
        if shown != script.of(page):
            log.warning(
                f"{page.snippet.relative_to(root)}: the page shows results of another "
                f"program. When this one is right: make figures NOTE={page.slug}."
            )
