"""Page, snippet, published files and tests belong together, one to one."""

import ast
import re

import pytest

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


@pytest.mark.parametrize(
    ("file", "link"),
    [
        ("mkdocs.yml", r"notes/([\w-]+)\.\w+$"),
        ("docs/index.md", r"\(notes/([\w-]+)\.\w+\)"),
    ],
)
def test_nav_and_the_first_page_list_every_note_once(file: str, link: str):
    text = (ROOT / file).read_text("utf-8")
    text = text.partition("\nexclude_docs:")[0]
    listed = sorted(re.findall(link, text, re.MULTILINE))
    assert listed == [page.slug for page in notes()], f"list each note in {file}"


def test_a_page_shows_the_set_up_and_then_its_whole_snippet_in_order(note: Page):
    shown = [block.name for block in blocks_of(note)]
    assert shown == list(note.cells)


def test_before_its_cells_a_snippet_only_imports_from_the_set_up(note: Page):
    tree = ast.parse(note.snippet.read_text("utf-8"))
    first = next(iter(read_cells(note.snippet).values())).line
    before = [node for node in tree.body if node.lineno < first - 1]
    assert len(before) == 2, f"{note.snippet.name}: a docstring and one import"
    assert isinstance(before[1], ast.ImportFrom)
    assert before[1].module == "color_names"
    made = names_made(ast.parse(note.cells["setup"].code))
    assert {alias.name for alias in before[1].names} <= made


def names_made(tree: ast.Module) -> set[str]:
    """The names that a program has at its end."""
    names = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
        else:
            stored = (n for n in ast.walk(node) if isinstance(n, ast.Name))
            names |= {n.id for n in stored if isinstance(n.ctx, ast.Store)}
    return names


DRAWS = {"bernoulli", "multinomial", "normal", "rand", "randint", "randn", "randperm"}


def test_every_random_draw_has_a_generator(note: Page):
    for call in ast.walk(ast.parse(note.snippet.read_text("utf-8"))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute):
            seeded = any(word.arg == "generator" for word in call.keywords)
            where = f"{note.snippet.name}:{call.lineno}"
            assert seeded or call.func.attr not in DRAWS, f"{where}: no generator"


def test_a_figure_s_cell_ends_by_showing_it(note: Page):
    # Without it, a pasted script draws and shows nothing.
    for cell in note.figures.values():
        assert cell.code.endswith("\nplt.show()\n"), f"{cell.file.name}:{cell.line}"


def test_a_page_has_its_parts(note: Page):
    assert re.search(r"\A---\ndescription: .{40,165}\n---\n\n# ", note.text), note.path
    assert "\n**What you will see:**" in note.text, note.path
    _, *sections = re.split(r"^## ", note.text, flags=re.MULTILINE)
    titles = [section.partition("\n")[0] for section in sections]
    assert titles[-3:] == ["Where the note needs care", "Try it", "Sources"], note.path
    assert all(section.partition("\n")[2].strip() for section in sections), note.path
    assert note.figures, "a note has at least one figure"


def test_claims_are_tests_that_can_fail(note: Page):
    path = ROOT / "tests" / "claims" / f"test_{note.snippet.stem}.py"
    tests = [
        node
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]
    assert len(tests) >= 5, f"{path.name} holds too few of the page's statements"
    for test in tests:
        nodes = list(ast.walk(test))
        values = any(isinstance(n, ast.Name) and n.id == "values" for n in nodes)
        asserts = any(isinstance(n, ast.Assert) for n in nodes)
        assert values, f"{path.name}: {test.name} reads no run"
        assert asserts, f"{path.name}: {test.name} asserts nothing"


def test_a_figure_is_shown_once_on_its_page(note: Page):
    shown = re.findall(rf"published/{note.slug}/([\w-]+)-light\.svg", note.text)
    assert shown == list(note.figures)
