"""What all pages show, listed: every claim on a page, and a digest of each page.

`docs/claims.md` lists the claims. `docs/published/<page>/shown.txt` has a page's
headings, alternative texts and, line by line, its numbers and links: a change of one
of them is then a difference that a reviewer reads, and nobody makes it unawares. Of
the first page it has each line; a note's are in its notebook. What stands on no page's
own lines is in `docs/published/index/words.txt`: descriptions, glossary, references.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from click import ClickException

from publish import glossary, references
from publish.claims import TITLES, Claim
from publish.files import NotWrittenError, write
from publish.forms import script, site_markdown
from publish.names import script_of
from publish.pages import (
    FENCE,
    IMAGE,
    NUMBER,
    Page,
    PageError,
    in_order,
    notes,
    pages,
)
from publish.parts import parts

T = TypeVar("T")
CLAIMS = Path("docs", "claims.md")
ABOUT = Path(__file__).parent / "templates" / "claims.md"
# A number: not a part of a word, as in float32 or W1.
DIGITS = re.compile(r"(?<![\w#])[-−+]?\d+(?:[,.]\d+)*(?:e[-−+]?\d+)?(?!\w)")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
CODE = re.compile(r"`[^`]*`")
MATHEMATICS = re.compile(r"\$\$.*?\$\$|\$[^$]+\$")
DESCRIPTION = re.compile(r"^description: (.+)$", re.MULTILINE)
# Numbers in words, from two on: "one" is a pronoun more often than a number, and "zero"
# is what a mathematical statement says.
UNITS = "two three four five six seven eight nine ten eleven twelve thirteen fourteen"
UNITS += " fifteen sixteen seventeen eighteen nineteen twenty"
TENS = "thirty forty fifty sixty seventy eighty ninety hundred"
COUNTS = dict(zip(UNITS.split(), range(2, 21), strict=True))
COUNTS |= dict(zip(TENS.split(), range(30, 101, 10), strict=True))
COUNTS |= {"dozen": 12, "thousand": 1000, "million": 10**6}
SHARES = {"half": 1 / 2, "third": 1 / 3, "quarter": 1 / 4, "fifth": 1 / 5}
SHARES |= {"eighth": 1 / 8, "ninth": 1 / 9, "halve": 1 / 2, "halving": 1 / 2}
WITH_TH = "four six seven ten hundred thousand million"
SHARES |= {f"{count}th": 1 / COUNTS[count] for count in WITH_TH.split()}
TIMES = {"twice": 2, "thrice": 3, "double": 2, "doubling": 2, "triple": 3}
TIMES |= {f"{word}fold": count for word, count in COUNTS.items()}
VALUES = {**COUNTS, **SHARES, **TIMES, "halves": 1 / 2}
WORDS = re.compile(rf"\b(?:{'|'.join(VALUES)})[sd]?\b", re.IGNORECASE)
# What formulas say of themselves: squares, halves, minus ones.
FORMULAS_OWN = {"0", "1", "2", "-1"}


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
    said = page.fill(claim.statement, claim.line).replace("\n", " ")
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


def shown(page: Page) -> str:
    """The digest of a page as its reader sees it."""
    lines: list[str] = []
    inside = ""
    for text in site_markdown.to_lines(parts(page)):
        if fence := FENCE.match(text):
            inside = "" if inside == fence["ticks"] else inside or fence["ticks"]
            continue
        if inside or text.strip() in ("", "---"):
            continue
        if re.match(r"#+ |\s*(?:!!!|\?\?\?) ", text):
            lines.append(text.strip())
            continue
        if claim := re.match(r'<div class="admonition claim" id="([\w-]+)"', text):
            lines.append(f"claim {claim[1]}")
            continue
        for image in IMAGE.finditer(text):
            lines.append(f"figure {Path(image['target']).stem}: {image['alt']}")
        rest = IMAGE.sub("", text)
        if not page.is_note and rest.strip():
            lines.append(f"  {rest.strip()}")
            continue
        links = [found["target"] for found in LINK.finditer(rest)]
        numbers = [found[0] for found in DIGITS.finditer(LINK.sub("]", rest))]
        if links or numbers:
            lines.append("  " + " ".join([*numbers, *links]))
    return "\n".join(lines) + "\n"


def value_of(word: str) -> float:
    """What a number's word counts, or the share that it names: 0.1 for "Tenths"."""
    word = word.lower()
    return VALUES[word] if word in VALUES else VALUES[word[:-1]]


def typed_numbers(page: Page, reviewed: Iterable[str] = ()) -> list[tuple[int, str]]:
    """Numbers in a page's prose that come from no run: their lines, and they.

    In digits, in words, and in code that is not the program's. `reviewed` are phrases
    whose numbers are held otherwise, or are none of a run. What to change under "Try
    it" is new code, and sources have years: neither is looked at.
    """
    program = "\n".join(cell.code for cell in page.cells.values())
    held = sorted(reviewed, key=len, reverse=True)
    phrases = re.compile("|".join(map(re.escape, held)) or "(?!)", re.IGNORECASE)
    found = []
    section = ""
    front = False
    for number, line in page.prose():
        if line == "---" and (number == 1 or front):
            front = number == 1
        if front and not DESCRIPTION.match(line):
            continue
        if line.startswith("## "):
            section = line
        if section == "## Sources":
            continue
        bare = NUMBER.sub("", phrases.sub(" ", line))
        for code in [] if section == "## Try it" else CODE.findall(bare):
            inside = code.strip("`")
            if inside not in program or DIGITS.fullmatch(inside):
                found += [(number, digits[0]) for digits in DIGITS.finditer(inside)]
        bare = CODE.sub(" ", bare)
        for formula in MATHEMATICS.findall(bare):
            digits = {digits[0] for digits in DIGITS.finditer(formula)}
            found += [(number, typed) for typed in sorted(digits - FORMULAS_OWN)]
        for exempt in (MATHEMATICS, LINK):
            bare = exempt.sub(" ", bare)
        bare = re.sub(r'^(\s*!!! \w+ )".*"$', r"\1", bare)
        bare = re.sub(r"^(?:- \*\*)?\d+\. ", "", bare)
        found += [(number, digits[0]) for digits in DIGITS.finditer(bare)]
        found += [(number, word[0]) for word in WORDS.finditer(bare)]
    return found


def words(root: Path) -> str:
    """What pages say beside their lines: descriptions, meanings, references."""
    lines = []
    for page in pages(root):
        if description := DESCRIPTION.search(page.text):
            lines.append(f"{page.path.relative_to(root)}: {description[1]}")
    for entry in glossary.ENTRY.finditer((root / glossary.FILE).read_text("utf-8")):
        lines.append(f"{entry['terms']}: {entry['meaning']}")
    for key, reference in references.read(root).items():
        lines.append(f"[@{key}]: {reference.full}")
    return "\n".join(lines) + "\n"


def listings(root: Path) -> dict[Path, str | PageError]:
    """What is listed by file, or what is wrong with a page."""
    made: dict[Path, str | PageError] = {root / CLAIMS: _or_error(claims_page, root)}
    for page in notes(root):
        made[script_of(page)] = _or_error(script.of, page)
    first_page = Page(root / "docs" / "index.md", root)
    for page in [*notes(root), first_page]:
        made[page.published / "shown.txt"] = _or_error(shown, page)
    made[first_page.published / "words.txt"] = _or_error(words, root)
    return made


def _or_error(make: Callable[[T], str], argument: T) -> str | PageError:
    try:
        return make(argument)
    except PageError as error:
        return error


def rewrite(root: Path) -> tuple[list[str], list[ClickException]]:
    """Write the lists that changed; return their names, and what hindered others."""
    made: dict[Path, str | bytes] = {}
    failed: list[ClickException] = []
    for path, text in listings(root).items():
        if isinstance(text, PageError):
            failed.append(text)
        else:
            made[path] = text
    try:
        changed = write(made)
    except NotWrittenError as error:
        return [], [*failed, error]
    return [str(path.relative_to(root / "docs")) for path in changed], failed
