"""What `mkdocs serve` needs to show a change within a second, and what it says.

Changes are looked for every tenth of a second, not every half. A rebuild highlights
no code and compiles no template that it did before. A mistake is one line, not a
traceback, and a program that has changed since its results were published is named.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pymdownx.highlight
from click import ClickException
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import Abort
from mkdocs.livereload import LiveReloadServer
from mkdocs.plugins import get_plugin_logger
from mkdocs.structure.files import Files
from watchdog.observers.polling import PollingObserver

from publish import downloads
from publish.pages import notes

INTERVAL = 0.1  # seconds
log = get_plugin_logger("publish")


class Compiled(BytecodeCache):
    """The templates that were compiled; Jinja asks for one by a digest of its text."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self.kept.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self.kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()


def on_env(env: Environment, config: MkDocsConfig, files: Files) -> None:
    """Compile no template twice."""
    env.bytecode_cache = COMPILED


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


def on_serve(
    server: LiveReloadServer, config: MkDocsConfig, builder: Callable[..., None]
) -> None:
    """Look for changes more often, and say what is wrong."""
    root = Path(config.docs_dir).parent
    watched = [config.docs_dir, config.config_file_path]
    for path in watched:
        server.unwatch(path)
    server.observer = PollingObserver(timeout=INTERVAL)
    server.build_delay = INTERVAL / 2  # without news for so long, a change is whole
    for path in watched:
        server.watch(path)

    def rebuild() -> None:
        try:
            builder()
            name_unpublished(root)
        except ClickException as error:
            raise Abort(error.format_message()) from None

    server.builder = rebuild
    keep_highlighted()
    name_unpublished(root)


def name_unpublished(root: Path) -> None:
    """Say which programs are not those whose results the pages show."""
    for page in notes(root):
        script = downloads.script_of(page)
        shown = script.read_text("utf-8") if script.exists() else ""
        if shown != downloads.script(page):
            log.warning(
                f"{page.snippet.relative_to(root)}: the page shows results of another "
                f"program. When this one is right: make figures NOTE={page.slug}."
            )
