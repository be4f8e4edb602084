"""One HTML page of what a test session found to differ from what is published.

For each note: figures before and after side by side, the series that moved and by
how many spreads, outputs, numbers and claims, and the command that accepts it all.
"""

from __future__ import annotations

import base64
from html import escape
from pathlib import Path

from publish.check import files
from publish.check.differences import Difference, differences
from publish.check.program import Record

REPORT = Path("report", "index.html")
PAGE = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>What differs from what is published</title>
<style>
:root {{ color-scheme: light dark; --line: light-dark(#d0d7de, #4a5260); }}
body {{ max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }}
body {{ font: 1rem/1.5 system-ui, sans-serif; }}
h2 {{ margin-top: 3rem; border-top: 1px solid var(--line); padding-top: 1rem; }}
code, pre {{ font-family: ui-monospace, Menlo, Consolas, monospace; }}
pre {{ margin: 0; overflow: auto; font-size: .85rem; }}
.accept code {{ display: inline-block; padding: .2rem .5rem; }}
.accept code {{ border: 1px solid var(--line); }}
.pair {{ display: grid; gap: 1rem; }}
.pair {{ grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); }}
figure {{ margin: 0; border: 1px solid var(--line); }}
/* The drawings are those for a light page. */
figure img {{ display: block; width: 100%; height: auto; background: #fff; }}
figcaption {{ padding: .3rem .6rem; font-weight: 600; }}
table {{ width: 100%; margin-top: .5rem; }}
table {{ table-layout: fixed; border-collapse: collapse; }}
td, th {{ padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); }}
td, th {{ text-align: left; vertical-align: top; overflow-wrap: anywhere; }}
th {{ width: 14rem; font-weight: 600; }}
@media (width < 40rem) {{
  td, th {{ display: block; width: auto; }}
  th {{ padding-bottom: 0; border: 0; }}
}}
</style>
<h1>What differs from what is published</h1>
{body}
</html>
"""


def to_html(found: dict[str, list[Difference]]) -> str:
    """The report on the notes, by slug."""
    parts = []
    if len(found) > 1:
        links = (
            f'<a href="#{slug}">{slug}</a> ({len(of)})' for slug, of in found.items()
        )
        parts.append(f"<p>{' · '.join(links)}</p>")
    for slug, of_note in found.items():
        parts.append(f'<h2 id="{slug}">{escape(slug)}</h2>')
        accept = f"<code>make figures NOTE={escape(slug)}</code>"
        said = f"Accepting makes this run the truth that others are held to: {accept}"
        parts.append(f'<p class="accept">{said}</p>')
        for difference in of_note:
            parts.append(f"<h3>{escape(difference.what)}</h3>")
            if difference.drawings:
                before, after = difference.drawings
                pair = _image(before, "published") + _image(after, "this run")
                parts.append(f'<div class="pair">{pair}</div>')
            rows = (
                f"<tr><th>{escape(name)}</th><td>{_as_it_is(how)}</td></tr>"
                for name, how in difference.lines.items()
            )
            parts.append(f"<table>{''.join(rows)}</table>")
    return PAGE.format(body="\n".join(parts) or "<p>Nothing.</p>")


def _as_it_is(text: str) -> str:
    """A text of several lines with these lines, a text of one line wrapped."""
    return f"<pre>{escape(text)}</pre>" if "\n" in text else escape(text)


def _image(svg: str, when: str) -> str:
    """A drawing as an image: two SVGs in one HTML page would mix up their ids."""
    data = base64.b64encode(svg.encode()).decode()
    image = f'<img alt="" src="data:image/svg+xml;base64,{data}">'
    return f"<figure><figcaption>{when}</figcaption>{image}</figure>"


def write(records: list[Record], root: Path) -> Path | None:
    """Write the report on runs if any of them differs; return where it is."""
    found = {record.page.slug: differences(record) for record in records}
    found = {slug: of_note for slug, of_note in found.items() if of_note}
    path = root / REPORT
    if not found:
        path.unlink(missing_ok=True)
        return None
    files.write({path: to_html(found)})
    return path
