"""The page that lists all claims, `docs/claims.md`."""

from __future__ import annotations

import re
from pathlib import Path

from publish.page.claims import TITLES, Claim
from publish.page.quotes import fill
from publish.page.source import Page, in_order, notes
from publish.project import configured

CLAIMS = Path("docs", "claims.md")
# The file that says each claim's bound a second time.
BOUNDS = "tests/bounds.toml"
ABOUT = Path(__file__).with_name("claims.md")


def claims_page(root: Path) -> str:
    """The page of all claims, in the order of the site's navigation."""
    order = in_order(notes(root), root)
    total = sum(len(page.claims) for page in order)
    parts = [
        ABOUT.read_text("utf-8")
        .replace("{total}", str(total))
        .replace("{bounds}", _bounds(root))
    ]
    for page in order:
        if not page.claims:
            continue
        rows = [_row(page, claim) for claim in page.claims.values()]
        head = "| claim | measured | spread | seeds | held to |"
        table = "\n".join([head, "|---|---|---|---|---|", *rows])
        wrapped = f'<div class="claims" markdown="1">\n\n{table}\n\n</div>'
        title = f"## {page.title} {{ #{page.slug} }}"
        parts.append(f"{title}\n\n{wrapped}\n")
    return "\n".join(parts)


def _bounds(root: Path) -> str:
    """The file of all bounds, as a link where a repository is known."""
    repository = configured(root, "repo_url")
    link = f"[`{BOUNDS}`]({repository}/blob/main/{BOUNDS})"
    return link if repository else f"`{BOUNDS}`"


def _row(page: Page, claim: Claim) -> str:
    about = page.measurement(claim)
    said = fill(page, claim.statement, claim.line).replace("\n", " ")
    # Links are relative to the note; a bar would end the table's cell.
    said = re.sub(r"\]\((?=[\w-]+\.md)", "](notes/", said)
    said = said.replace("](../", "](").replace("|", "&#124;")
    file = f"notes/{page.path.name}"
    kind = "" if claim.kind == "claim" else f"*{TITLES[claim.kind]}.* "
    cells = [
        f"{kind}{said} [→]({file}#{claim.name})",
        about["text"],
        about["spread"] or "–",
        str(about["seeds"]),
        str(claim.bound),
    ]
    return f"| {' | '.join(cells)} |"
