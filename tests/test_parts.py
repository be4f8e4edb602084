"""A page is read into its parts, in whatever order they stand."""

from pathlib import Path

import pytest

from publish.forms import site_markdown
from publish.page import source
from publish.page.cells import NUMBERS
from publish.page.fences import EXPECTED
from publish.page.parts import Block, Figure, Prose, Stated, blocks, parts
from publish.page.source import Page, find_page, in_order, notes
from publish.project import ROOT, PageError

TEXT = """\
# Plain

Some `code`
in prose.

```python
print(1)
```

<!--pytest-codeblocks:expected-output-->

```text
1
```

??? note "In a box"

    ```bash
    echo 1
    ```

    - an item

````text
```python
````
"""


def page_of(text: str, folder: Path) -> Page:
    path = folder / "docs" / "plain.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return Page(path, folder)


def test_blocks_have_their_place_their_box_and_their_output(tmp_path: Path):
    page = page_of(TEXT, tmp_path)
    python, bash, text = blocks(parts(page))
    assert python == Block("python", "print(1)\n", 6, page.path, 7, output="1\n")
    fold = ("note", "In a box")
    assert bash == Block("bash", "echo 1\n", 18, page.path, 19, fold=fold)
    assert (text.language, text.code) == ("text", "```python\n")


def test_an_output_without_its_block_is_a_block(tmp_path: Path):
    page = page_of(f"{EXPECTED}\n\n```text\n1\n```\n", tmp_path)
    (block,) = blocks(parts(page))
    assert (block.code, block.output) == ("1\n", None)


def test_prose_is_what_stands_between_in_its_lines(tmp_path: Path):
    page = page_of(TEXT, tmp_path)
    lines = TEXT.split("\n")
    prose = [part for part in parts(page) if isinstance(part, Prose)]
    for part in prose:
        assert lines[part.line - 1 : part.line - 1 + len(part.lines)] == part.lines
    said = [line for part in prose for line in part.lines if line]
    assert said == ["# Plain", "Some `code`", "in prose.", "    - an item"]


def test_a_plain_page_is_its_own_markdown(tmp_path: Path):
    text = TEXT.replace("````text\n```python\n````\n", "")
    said = "\n".join(site_markdown.to_lines(parts(page_of(text, tmp_path))))
    assert said == text.replace("\n```text\n1", "```{.text .output .no-copy}\n1")


def test_the_end_of_a_page_has_its_own_lines(tmp_path: Path):
    page = page_of(f"---\ntitle: A\n---\n\n{TEXT}", tmp_path)
    assert page.body == TEXT
    whole, end = blocks(parts(page)), blocks(parts(page, page.body))
    assert whole == end
    assert whole[0].line == 10


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a\n\n```python\n1\n", r"plain\.md:3: this fence never ends.* line of ```\."),
        ("````sh\n```\n", r"plain\.md:1: this fence never ends.* line of ````\."),
        ("```py\n1\n```\n", r"plain\.md:1: no one runs a block in 'py'"),
    ],
)
def test_a_fence_that_is_no_block(tmp_path: Path, text: str, said: str):
    with pytest.raises(PageError, match=said):
        parts(page_of(text, tmp_path))


def test_a_note_has_all_its_figures_and_claims_and_cells(note: Page):
    found = parts(note)
    drawn = [part.name for part in found if isinstance(part, Figure)]
    assert sorted(drawn) == sorted(note.figures)
    stated = [part for part in found if isinstance(part, Stated)]
    assert [part.claim for part in stated] == [*note.claims.values()]
    for part in stated:
        assert part.block.cell.claim == part.claim.name
    shown = [block.cell.name for block in blocks(found) if block.cell]
    assert sorted(shown) == sorted({*note.cells} - {NUMBERS})


def test_pages_stand_in_the_order_of_the_navigation(tmp_path: Path):
    # One name may end with another: "mle-loss" and "loss".
    names = ["index", "loss", "mle-loss", "glossary"]
    made = []
    for name in reversed(names):
        folder = tmp_path / "docs" / ("notes" if "loss" in name else "")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.md").write_text(f"# {name}\n")
        made.append(Page(folder / f"{name}.md", tmp_path))
    listed = [
        "nav:",
        "- index.md",
        "- Losses:",
        "  - notes/mle-loss.md",
        "  - notes/loss.md",
    ]
    (tmp_path / "mkdocs.yml").write_text("\n".join([*listed, "theme: a"]))
    order = [page.slug for page in in_order(made, tmp_path)]
    assert order == ["index", "mle-loss", "loss", "glossary"]


def test_a_page_is_found_by_its_text_and_no_other_is_read(
    monkeypatch: pytest.MonkeyPatch,
):
    for page in notes():
        assert find_page(page.body).path == page.path
    read: list[Path] = []
    plain = source.read_text
    monkeypatch.setattr(
        source, "read_text", lambda path: read.append(path) or plain(path)
    )
    for page in notes():
        read.clear()
        assert find_page(page.body).path == page.path
        assert read == [page.path]
    assert find_page("No page has this.") is None
    assert find_page(" \n") is None


def test_a_page_is_found_after_an_edit_and_after_it_is_undone(tmp_path: Path):
    for text in ("One.\n", "Two.\n", "One.\n"):
        page = page_of(text, tmp_path)
        assert find_page(text, tmp_path).path == page.path
    other = tmp_path / "docs" / "other.md"
    page.path.rename(other)
    assert find_page("One.\n", tmp_path).path == other
    assert ROOT not in other.parents
