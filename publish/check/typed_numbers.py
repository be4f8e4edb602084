"""Numbers in prose that come from no run: in digits, in words, in code."""

from __future__ import annotations

import re
from collections.abc import Iterable

from publish.page.quotes import NUMBER
from publish.page.source import Page

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
# Numbers that formulas need in any case: squares, halves, minus ones.
FORMULAS_OWN = {"0", "1", "2", "-1"}


def value_of(word: str) -> float:
    """What a number's word counts, or the share that it names: 0.1 for "Tenths"."""
    word = word.lower()
    return VALUES[word] if word in VALUES else VALUES[word[:-1]]


def typed_numbers(page: Page, reviewed: Iterable[str] = ()) -> list[tuple[int, str]]:
    """Numbers in a page's prose that come from no run, each with its line.

    In digits, in words, and in code that is not the program's. `reviewed` are phrases
    whose numbers other tests hold, or no run gives. Left out are code under "Try it",
    which is new, and sources, which have years.
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
