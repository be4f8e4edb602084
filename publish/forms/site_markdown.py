"""A page as the Markdown that the site is built from, and pytest-codeblocks reads."""

from __future__ import annotations

import re

from publish.forms import dots
from publish.page import slices
from publish.page.claims import TITLES
from publish.page.fences import EXPECTED
from publish.page.parts import (
    MEASURED,
    Block,
    Part,
    Prose,
    Stated,
    anchors,
    parts,
    program_blocks,
)
from publish.page.places import address, colab, notebook_of, play_module, script_of
from publish.page.source import FIGURE, IMAGE, Page

END_OF_CLAIM = ["", "</div>", ""]


def of(page: Page, text: str | None = None) -> list[str]:
    """The lines from which the site's page is built."""
    found = parts(page, text)
    codes = [block.code for block in program_blocks(found)]
    attributes = [
        f'.python #{anchor} data-needs="{slices.as_attribute(codes, number)}"'
        for number, anchor in enumerate(anchors(found))
    ]
    lines = to_lines(found, attributes)
    return framed(page, [line for line in lines if line.strip() != EXPECTED])


def to_lines(found: list[Part], attributes: list[str] | None = None) -> list[str]:
    """Parts as Markdown; `attributes` are for each block of their program in turn.

    Outputs are marked as pytest-codeblocks wants them.
    """
    given = iter(attributes or [])
    lines: list[str] = []
    for part in found:
        if isinstance(part, Prose):
            lines += part.lines
            continue
        block = part.block if isinstance(part, Stated) else part
        python = block.language == "python"
        info = f"{{{next(given)}}}" if attributes and python else block.language
        code = fenced(block, info)
        if isinstance(part, Stated):
            code = [*evidence(part), *indented(code), *END_OF_CLAIM]
        lines += code
    return lines


def evidence(stated: Stated) -> list[str]:
    """A claim as a sentence, and the fold of its values, to which its code belongs."""
    claim, about = stated.claim, stated.measured
    said = [*stated.said]
    if claim.kind != "claim":
        said[0] = f"<b>{TITLES[claim.kind]}.</b> {said[0]}"
    mark, values = MEASURED, []
    if about:
        mark = f"{about['seeds']} seeds, held to: {claim.bound}"
        spread = f", spread {about['spread']}" if about["spread"] else ""
        place = f"../claims.md#{claim.path.stem}"
        text = f"Measured: {about['text']}{spread}. [All claims]({place})"
        values = [dots.strip(about["values"], claim.bound), "", text, ""]
    head = f'<div class="claim" id="{claim.name}" markdown="1">'
    return [head, "", *said, "", *folded("measured", mark, values)]


def folded(kind: str, title: str, lines: list[str]) -> list[str]:
    """Lines in a fold of that kind, under its title."""
    return [f'??? {kind} "{title}"', "", *indented(lines)]


def indented(lines: list[str]) -> list[str]:
    """Lines as they stand in a fold."""
    # Blank lines are indented, too: pytest-codeblocks drops those that are not.
    return [f"    {line}" for line in lines]


def fenced(block: Block, info: str) -> list[str]:
    """A block and its output, in the box that it is folded into."""
    lines = [f"```{info}", *block.code.removesuffix("\n").split("\n"), "```"]
    if block.output is not None:
        # No other character ends a line; with more ticks, no output ends the fence.
        output = block.output.removesuffix("\n")
        ticks = "`" * (1 + max(map(len, ["``", *re.findall("`+", output)])))
        lines += ["", EXPECTED, f"{ticks}{{.text .output .no-copy}}"]
        lines += [*output.split("\n"), ticks]
    if not block.fold:
        return lines
    return folded(*block.fold, lines)


def framed(page: Page, lines: list[str]) -> list[str]:
    """A note's lines with what stands around them on the site.

    Under its heading, how long it takes to read, and ways to copy or download its
    program; at its end, how to cite it.
    """
    lines = playable(page, lines)
    if not page.is_note:
        return lines
    # The button is on the page before its script arrives, so that nothing moves then.
    links = ['<button type="button">Copy the whole program</button>']
    links += [
        f"[Download .{path.suffix[1:]}](../published/{page.slug}/{path.name})"
        f'{{ download="{path.name}" }}'
        for path in (script_of(page), notebook_of(page))
    ]
    if there := colab(page):
        links.append(f"[Open in Colab]({there})")
    heading = next(i for i, line in enumerate(lines) if line.startswith("# "))
    time = f"{page.minutes} minutes to read, without the code."
    top = ["", time, "{ .time }", "", " ".join(links), "{ .take }", ""]
    end = ["", '??? quote "Cite this page"', "", "    ```{.text .cite}"]
    end += [f"    {line}" for line in bibtex(page).splitlines()]
    return [*lines[: heading + 1], *top, *lines[heading + 1 :], *end, "    ```", ""]


def playable(page: Page, lines: list[str]) -> list[str]:
    """The lines with a box behind the first figure, if readers can play it."""
    for number, line in enumerate(lines, 1):
        image = IMAGE.search(line)
        if image and (figure := FIGURE.search(image["target"])):
            name = figure["page"]
            box = ["", f'<div class="play" data-play="{name}"></div>', ""]
            there = play_module(page.root, name).exists()
            return [*lines[:number], *box, *lines[number:]] if there else lines
    return lines


def bibtex(page: Page) -> str:
    """A page's BibTeX entry, with what CITATION.cff says of the whole site."""
    cff = (page.root / "CITATION.cff").read_text("utf-8")
    about = dict(re.findall(r"^ *(?:- )?([\w-]+): *\"?(.+?)\"?$", cff, re.MULTILINE))
    title = about["title"].partition(":")[0]
    return f"""\
@misc{{descent-notes-{page.slug},
  author = {{{{{about["name"]}}}}},
  title = {{{page.title}}},
  howpublished = {{{title} {about["version"]}}},
  year = {{{about["date-released"][:4]}}},
  url = {{{address(page)}}},
}}"""
