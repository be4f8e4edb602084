"""The page that lists all claims, `docs/claims.md`."""

from __future__ import annotations

import re
from pathlib import Path

from publish.page.claims import TITLES, Claim
from publish.page.quotes import fill
from publish.page.source import Page, in_order, notes

CLAIMS = Path("docs", "claims.md")
ABOUT = Path(__file__).with_name("claims.md")


def claims_page(root: Path) -> str:
    """The page of all claims, in the order of the site's navigation."""
    order = in_order(notes(root), root)
    total = sum(len(page.claims) for page in order)
    parts = [ABOUT.read_text("utf-8").replace("{total}", str(total))]
    for page in order:
        if not page.claims:
            continue
        rows = [_row(page, claim) for claim in page.claims.values()]
        head = "| claim | measured | spread | seeds | held to |"
        tests = f"Each has its test, under its name, in {page.tests}."
        table = "\n".join([head, "|---|---|---|---|---|", *rows])
        wrapped = f'<div class="claims" markdown="1">\n\n{table}\n\n</div>'
        title = f"## {page.title} {{ #{page.slug} }}"
        parts.append(f"{title}\n\n{tests}\n\n{wrapped}\n")
    return "\n".join(parts)


def _row(page: Page, claim: Claim) -> str:
    about = page.measurement(claim)
    said = fill(page, claim.statement, claim.line).replace("\n", " ")
    # Links are the note's; a bar would end the cell.
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
