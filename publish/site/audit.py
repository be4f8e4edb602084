"""Measure every page of the site: Lighthouse's scores, its weight, what axe finds.

Builds the site and serves it here with gzip, as GitHub Pages does. Needs Chromium on
the PATH, and a machine that does nothing else: Lighthouse scores how fast a page is.
The exit status is 1 if a score is below 100 or axe finds a violation.
"""

from __future__ import annotations

import functools
import gzip
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from statistics import median
from typing import Any

import click
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from publish.project import ROOT
from publish.site.chromium import CHROMIUM, OPTIONS

LIGHTHOUSE = "lighthouse@13.5.0"
CACHE = ROOT / ".cache" / LIGHTHOUSE
SCORES = ("performance", "accessibility", "best-practices", "seo")
TEXT = (".html", ".css", ".js", ".json", ".svg", ".txt", ".xml", ".md")
FOLDER = "/descent-notes/"


class Pages(http.server.SimpleHTTPRequestHandler):
    """Serve a site in a folder of its host, as GitHub Pages does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        asked = self.path.partition("?")[0]
        path = Path(self.directory, asked.removeprefix(FOLDER))
        path = path / "index.html" if path.is_dir() else path
        status = HTTPStatus.OK
        if not asked.startswith(FOLDER) or not path.is_file():
            path, status = Path(self.directory, "404.html"), HTTPStatus.NOT_FOUND
        body, kind = path.read_bytes(), self.guess_type(path)
        self.send_response(status)
        if path.suffix == ".html":
            kind += "; charset=utf-8"
        self.send_header("Content-Type", kind)
        self.send_header("Cache-Control", "max-age=600")
        if path.suffix in TEXT:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    """A server that reports no error when a browser closes a connection."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that was cut."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve the site in `folder`; give its address."""
    handler = functools.partial(Pages, directory=str(folder))
    with Server(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{FOLDER}"
        server.shutdown()


def build(folder: Path, address: str) -> list[str]:
    """Build the site for `address` into `folder`; return its pages, by their paths."""
    command = [sys.executable, "-m", "mkdocs", "build", "-q", "--strict", "-d"]
    environment = {**os.environ, "SITE_URL": address, "NO_MKDOCS_2_WARNING": "1"}
    subprocess.run([*command, str(folder)], cwd=ROOT, env=environment, check=True)
    return sorted(
        path.relative_to(folder).as_posix().removesuffix("index.html")
        for path in folder.rglob("*.html")
    )


def install() -> Path:
    """Lighthouse's command, installed the first time."""
    command = CACHE / "node_modules" / "lighthouse" / "cli" / "index.js"
    if not command.exists():
        click.echo(f"Installing {LIGHTHOUSE} in {CACHE.relative_to(ROOT)}", err=True)
        npm = [node("npm"), "install", "--prefix", str(CACHE), "--save-exact"]
        quiet = ["--no-audit", "--no-fund", "--loglevel=error"]
        CACHE.mkdir(parents=True, exist_ok=True)
        # Chromium is here: no other browser is downloaded.
        environment = {**os.environ, "PUPPETEER_SKIP_DOWNLOAD": "1"}
        subprocess.run([*npm, *quiet, LIGHTHOUSE], env=environment, check=True)
    return command


def node(name: str) -> str:
    """The path of `node` or `npm` in this environment."""
    return str(Path(sys.executable).with_name(name))


def lighthouse(url: str) -> dict[str, Any]:
    """Lighthouse's report on a page."""
    command = [node("node"), str(install()), url, "--quiet", "--output=json"]
    command += ["--only-categories=" + ",".join(SCORES)]
    ran = subprocess.run(
        [*command, f"--chrome-flags={' '.join(OPTIONS)}"],
        env={**os.environ, "CHROME_PATH": str(CHROMIUM)},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(ran.stdout)
    return report


def violations(
    page: Page, within: str | None = None, rules: Sequence[str] = ()
) -> list[str]:
    """What axe says of a page as it is, a line for each rule that is broken.

    `within` is a selector: axe looks at what it matches alone. `rules` are those to
    look for, by axe's names, instead of all.
    """
    # What nothing was found against needn't be listed: that takes as long as looking.
    options: dict[str, list[str]] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = [*rules]
    lines = []
    for violation in Axe().run(page, within, options).response["violations"]:
        targets = [" ".join(map(str, part["target"])) for part in violation["nodes"]]
        rule = f"{violation['id']} ({violation['impact']})"
        lines.append(f"{rule}: {len(targets)} elements, the first {targets[0]}")
    return lines


def violations_of(browser: Browser, url: str) -> list[str]:
    """What axe says of a page with its folds open, in both schemes."""
    said = []
    for scheme in ("light", "dark"):
        page = browser.new_page(color_scheme=scheme)
        page.goto(url, wait_until="networkidle")
        page.evaluate("document.querySelectorAll('details').forEach(d => d.open = 1)")
        said += [f"{scheme}: {line}" for line in violations(page)]
        page.close()
    return said


def short_of(report: dict[str, Any]) -> list[str]:
    """What keeps a report's scores below 100."""
    lines = []
    for category in report["categories"].values():
        for part in category["auditRefs"]:
            audit = report["audits"][part["id"]]
            score = audit["score"]
            if part["weight"] and score is not None and score < 1:
                value = audit.get("displayValue", audit["title"])
                lines.append(f"{part['id']}: {score:.2f}, {value}")
    return lines


@click.command(help=__doc__)
@click.argument("only", metavar="[PAGE]...", nargs=-1)
@click.option(
    "--runs", default=3, show_default=True, help="Take the median of so many."
)
def main(only: tuple[str, ...], runs: int) -> None:
    """Measure the pages whose path has one of the texts, or all."""
    if not CHROMIUM:
        raise click.ClickException("No Chromium is on the PATH: install it.")
    install()
    failed = False
    with (
        tempfile.TemporaryDirectory() as folder,
        serve(Path(folder)) as address,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=OPTIONS)
        pages = build(Path(folder), address)
        pages = [p for p in pages if not only or any(text in p for text in only)]
        heads = [*SCORES, "KB", "requests", "violations"]
        click.echo(f"{'page':28}" + "".join(f"{head:>15}" for head in heads))
        for count, path in enumerate(pages, 1):
            click.echo(f"{path or '.':28}", nl=False)
            found = violations_of(browser, address + path)
            reports = []
            for _ in range(runs):
                reports.append(lighthouse(address + path))
            scores = [
                median(report["categories"][name]["score"] * 100 for report in reports)
                for name in SCORES
            ]
            requests = reports[0]["audits"]["network-requests"]["details"]["items"]
            weight = sum(request["transferSize"] for request in requests) / 1000
            cells = [*(f"{score:.0f}" for score in scores), f"{weight:.0f}"]
            cells += [str(len(requests)), str(len(found))]
            progress = f"   {count} of {len(pages)}"
            click.echo("".join(f"{cell:>15}" for cell in cells) + progress)
            short = [line for line in short_of(reports[-1]) if min(scores) < 100]
            for line in [*found, *short]:
                click.echo(f"    {line}")
            failed = failed or bool(found) or min(scores) < 100
        browser.close()
    raise SystemExit(failed)


if __name__ == "__main__":
    main()
