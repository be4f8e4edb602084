"""Page, snippet, published files and tests belong together, one to one."""

import re

from publish.pages import ROOT, Page, notes, read_cells
from publish.program import blocks_of


def test_each_note_has_its_snippet_published_files_and_claims():
    slugs = {page.slug for page in notes()}
    modules = {slug.replace("-", "_") for slug in slugs}
    snippets = {path.stem for path in ROOT.glob("snippets/*.py")} - {"color_names"}
    published = {path.name for path in ROOT.glob("docs/published/*")}
    claims = {
        path.stem.removeprefix("test_") for path in ROOT.glob("tests/claims/test_*.py")
    }
    assert (snippets, published, claims) == (modules, slugs, modules)


def test_nav_lists_every_note_once():
    nav = re.search(r"^nav:\n(?:[ -].*\n)+", (ROOT / "mkdocs.yml").read_text(), re.M)
    listed = re.findall(r"notes/([\w-]+)\.", nav[0])
    assert sorted(listed) == [page.slug for page in notes()]


def test_a_page_shows_the_set_up_and_then_its_whole_snippet_in_order(note: Page):
    shown = [block.name for block in blocks_of(note)]
    assert shown == list(note.cells)


def test_all_code_of_a_snippet_is_in_its_cells(note: Page):
    lines = note.snippet.read_text("utf-8").splitlines()
    first = next(iter(read_cells(note.snippet).values())).line
    before = "\n".join(lines[: first - 2])
    # Before the first cell: a docstring, and the names that the set-up gives.
    assert re.fullmatch(
        r'"""[^"]+"""\n+from color_names import (\(\n[\w\s,]+\)|[\w, ]+)\s*', before
    )


def test_a_page_has_its_parts(note: Page):
    for part in ("\ndescription: ", "\n**What you will see:**", "\n## Try it\n"):
        assert part in note.text, part
    for part in ("\n## Where the note needs care\n", "\n## Sources\n"):
        assert part in note.text, part
    assert note.figures, "a note has at least one figure"


def test_a_figure_is_shown_once_on_its_page(note: Page):
    shown = re.findall(rf"published/{note.slug}/([\w-]+)-light\.svg", note.text)
    assert shown == list(note.figures)
