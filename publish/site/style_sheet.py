"""Have browsers show a page sooner: one small style sheet, scripts that don't block.

The theme's style sheets have rules for everything that a site might have. Rules for
what no page has are left out; the rest goes into the sheet that pages link last, the
site's own, and only its link stays. Scripts run once the page is there.
"""

from __future__ import annotations

import functools
import itertools
import re
from pathlib import Path
from typing import Any

import tinycss2

LINK = re.compile(r'<link rel="stylesheet" href="([^"]+)">\n?')
SCRIPT = re.compile(r'<script src="([^"]+)">')
TAG = re.compile(r"<[a-z][^<>]*>")
STRING = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`]*`")
NAME = re.compile(r"-?[A-Za-z_][\w-]*")
# Parts of a selector that need not be on a page: what stands in the brackets of :not()
# or :is(), a state like :hover, a part like ::before.
BRACKETS = re.compile(r"\([^()]*\)")
STATE = re.compile(r"::?[\w-]+")
# Left out although scripts name them: no page is written from right to left, and
# switching transitions off while colours change restyles every element of a page, twice
# when it is opened.
UNWANTED = re.compile(r"\[(?:dir=rtl|data-md-color-switching)\]")
READ = re.compile(r"var\((--[\w-]+)")
SET = re.compile(r"(?<=[{;])(--[\w-]+):(?:\"[^\"]*\"|'[^']*'|\([^)]*\)|[^;}\"'(])*;?")


def lighten(site: Path) -> None:
    """Make one style sheet of those that the built pages link, and defer scripts."""
    pages = {path: path.read_text("utf-8") for path in site.rglob("*.html")}
    index = pages[site / "index.html"]
    sheets = [site / link for link in LINK.findall(index)]
    scripts = [site / link for link in SCRIPT.findall(index)]
    written = [tag for text in pages.values() for tag in TAG.findall(text)]
    written += [s for path in scripts for s in STRING.findall(path.read_text("utf-8"))]
    css = "\n".join(path.read_text("utf-8") for path in sheets)
    known = _names("\n".join(written)) & _names(css)
    sheets[-1].write_text(used(css, frozenset(known)), "utf-8")
    for path, text in pages.items():
        *others, _ = LINK.finditer(text)
        for link in reversed(others):
            text = text[: link.start()] + text[link.end() :]
        path.write_text(SCRIPT.sub(r'<script defer src="\1">', text), "utf-8")


def _names(text: str) -> set[str]:
    return {name.lower() for name in NAME.findall(text)}


# Kept: pages change more often than the set of names on them does.
@functools.lru_cache(maxsize=1)
def used(css: str, known: frozenset[str]) -> str:
    """A style sheet's rules whose selectors ask for names that are known."""
    rules = tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True)
    css = "".join(_rule(rule, known) for rule in rules)
    # Repeated: a variable may be read only to set another one that no rule reads.
    while css != (fewer := _without_unread_variables(css)):
        css = fewer
    return css


def _without_unread_variables(css: str) -> str:
    read = set(READ.findall(css))
    return SET.sub(lambda found: found[0] if found[1] in read else "", css)


def _rule(rule: Any, known: frozenset[str]) -> str:
    """What remains of a rule."""
    if rule.type == "qualified-rule":
        parts = itertools.groupby(rule.prelude, key=lambda part: part == ",")
        each = [tinycss2.serialize(part).strip() for comma, part in parts if not comma]
        kept = [selector for selector in each if _may_match(selector, known)]
        body = " ".join(tinycss2.serialize(rule.content).split())
        return f"{','.join(kept)}{{{body}}}" if kept and body else ""
    if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
        rules = tinycss2.parse_rule_list(rule.content, skip_comments=True)
        kept = list(filter(None, (_rule(part, known) for part in rules)))
        head = f"@{rule.at_keyword}{tinycss2.serialize(rule.prelude)}"
        return f"{head}{{{''.join(kept)}}}" if kept else ""
    return "" if rule.type == "whitespace" else str(rule.serialize())


def _may_match(selector: str, known: frozenset[str]) -> bool:
    """Whether an element may be what the selector asks for."""
    asked, before = selector.replace("\\", ""), ""
    while asked != before:
        asked, before = BRACKETS.sub("", asked), asked
    names = _names(STATE.sub("", asked))
    return names <= known and not UNWANTED.search(selector)
