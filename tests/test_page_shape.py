"""Each page teaches before it proves: what stands where, and how much of it."""

import re

import pytest

from publish.page.parts import Block, Figure, Stated, parts
from publish.page.source import IMAGE, Page, notes
from publish.project import ROOT

VERDICTS = ("Holds", "Holds in part", "Does not hold")
VERDICT = re.compile(
    r'^!!! verdict "(?P<said>[^"]+)"\n\n(?P<body>(?:    .*\n|\n)+)', re.M
)
# At most so many: words of a note and of a deeper page, words in front of the first
# figure, visible lines of code in a note and in its first two minutes, claims.
NOTE_WORDS, DEEPER_WORDS, FIRST_WORDS = 900, 1200, 150
LINES, FIRST_LINES, CLAIMS = 40, 15, 4
# What belongs behind a fold, or on a deeper page.
NOT_PLAIN = re.compile(r"\b(?:vmap|grad_and_value|chunk_size|full_set|init_models)\b")
note = pytest.mark.parametrize(
    "note", [p for p in notes() if not p.deeper], ids=lambda page: page.slug
)
deeper = pytest.mark.parametrize(
    "note", [p for p in notes() if p.deeper], ids=lambda page: page.slug
)


def words(text: str) -> int:
    """How many words of prose there are, without what pictures are said to show."""
    text = re.sub(r"^!!! .*$", "", IMAGE.sub("", text), flags=re.MULTILINE)
    return len(re.findall(r"[^\W_]+(?:[.,'’:/-]?[^\W_]+)*", text))


def prose(page: Page) -> str:
    lines = [line for _, line in page.prose()]
    return "\n".join(lines).partition("\n---\n")[2]


def seen(page: Page) -> list[Block]:
    """The blocks of Python that a reader sees without opening anything."""
    found = [p for p in parts(page) if isinstance(p, Block) and not p.fold]
    return [block for block in found if block.language == "python"]


def length(found: list[Block]) -> int:
    return sum(len([x for x in b.code.split("\n") if x.strip()]) for b in found)


@note
def test_a_note_is_told_first_and_judged(note: Page):
    (verdict,) = VERDICT.finditer(note.text)
    assert verdict["said"] in VERDICTS
    assert len(note.text[: verdict.start()].split("\n# ")[1].split("\n")) <= 3
    told, finding = verdict["body"].strip().split("\n\n", 1)
    assert told.startswith("> "), "the note itself, as a quotation"
    assert 1 <= len(re.findall(r"[.!?](?:\s|$)", told)) <= 3
    assert "{{" in finding, "what was found, with its number"


@note
def test_the_first_page_says_each_verdict(note: Page):
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    (card,) = re.findall(
        rf"^- \*\*\d+\. \[.+\]\(notes/{note.slug}\.md\)\*\*\n((?:    .*\n|\n)+)",
        index,
        re.MULTILINE,
    )
    (verdict,) = VERDICT.finditer(note.text)
    assert f"**{verdict['said']}.**" in card


@note
def test_a_note_takes_two_minutes_and_then_proves(note: Page):
    headings = re.findall(r"^## (.+)$", note.text, re.MULTILINE)
    assert headings[0] == "Two minutes"
    order = ["Two minutes", "Why", "Measured", "Try it", "Sources"]
    kinds = [h.partition(":")[0] for h in headings]
    assert [kind for kind in kinds if kind in order] == order
    first = note.text.partition("## Two minutes")[2].partition("\n## ")[0]
    fences = first.count("\n```python")
    blocks = seen(note)[: fences - first.count("# %% figure")]
    assert 1 <= length(blocks) <= FIRST_LINES
    for block in blocks:
        assert not NOT_PLAIN.search(block.code), block.name


@note
def test_a_note_is_short(note: Page):
    assert words(prose(note)) <= NOTE_WORDS
    assert length(seen(note)) <= LINES
    assert len(note.claims) <= CLAIMS


@deeper
def test_a_deeper_page_is_no_longer_than_this(note: Page):
    assert words(prose(note)) <= DEEPER_WORDS


@deeper
def test_a_note_leads_to_its_deeper_pages_and_they_lead_back(note: Page):
    above = Page(note.path.with_name(f"{note.deeper}.md"))
    assert not above.deeper
    assert f"]({note.path.name})" in above.text.partition("## Going deeper")[2]
    assert f"]({above.path.name}" in note.text


def test_a_figure_comes_first(note: Page):
    figure = next(part for part in parts(note) if isinstance(part, Figure))
    above = [line for number, line in note.prose() if number < figure.line]
    assert words("\n".join(above).partition("\n---\n")[2]) <= FIRST_WORDS
    claim = next((p for p in parts(note) if isinstance(p, Stated)), None)
    assert claim is None or claim.claim.line > figure.line
