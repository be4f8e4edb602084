"""What a reader takes away runs where it lands: copied blocks, scripts, notebooks."""

import ast
import base64
import io
import json
import re
import sys
import tempfile
import tomllib
from concurrent.futures import Future
from html.entities import html5
from pathlib import Path

import matplotlib.image
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient

from publish.check import drawing
from publish.check.program import Done, Record
from publish.check.pytest_plugin import PROGRAMS
from publish.forms import notebook, script, site_markdown
from publish.inside import effects, statements
from publish.page import places, slices
from publish.page.cells import NUMBERS
from publish.page.parts import Block, parts, program_blocks
from publish.page.source import Page, notes
from publish.project import ROOT

from .conftest import fixtures_of

INSTALLED = {"torch", "matplotlib", *sys.stdlib_module_names}
# Another real list of words: HTML's entities, "Aacute", "abreve", "acE", …
OTHER_WORDS = sorted({name.rstrip(";") for name in html5})
WORDS = "words = [name.removeprefix"
two_notes = pytest.mark.parametrize(
    "page",
    [Page(ROOT / f"docs/notes/{slug}.md") for slug in ("batch-dimension", "mle-loss")],
    ids=lambda page: page.slug,
)


def with_words(program: str, words: object) -> str:
    """The program with one line of its set-up changed, as a reader does."""
    lines = program.splitlines()
    (at,) = [i for i, line in enumerate(lines) if line.startswith(WORDS)]
    return "\n".join([*lines[:at], f"words = {words!r}", *lines[at + 1 :]])


def codes_of(page: Page) -> list[str]:
    return [block.code for block in program_blocks(parts(page))]


def shown(record: Record) -> list[tuple[Block, Done]]:
    """A run's blocks without that of its numbers, which no reader copies."""
    every = zip(record.blocks, record.done, strict=True)
    return [(b, done) for b, done in every if not b.cell or b.cell.name != NUMBERS]


def blocks_alone(note: Page) -> list[tuple[str, ...]]:
    """The programs that a page's blocks are copied as, each in two parts.

    So it can be seen what the block itself leaves.
    """
    found, codes = [], codes_of(note)
    for number, code in enumerate(codes):
        copied = slices.program(codes, number, "here")
        itself = code.strip("\n") + "\n"
        above = copied.removesuffix(itself)
        assert above + itself == copied
        found.append((above, itself))
    return found


def test_each_block_runs_alone_as_in_its_page(note: Page, record: Record, copies):
    assert codes_of(note) == [block.code for block, _ in shown(record)]
    wrong = []
    for (block, done), future in zip(shown(record), copies, strict=True):
        parts = future.result()
        errors = [part.error for part in parts if part.error]
        printed = "".join(part.output for part in parts)
        if errors or len(parts) < 2:
            wrong.append(f"{block.name}: {errors}")
        elif printed != (block.output or ""):
            wrong.append(f"{block.name} prints {printed!r}, not {block.output!r}")
        elif parts[1].left != done.left:
            other = {k for k, v in done.left.items() if parts[1].left.get(k) != v}
            wrong.append(f"{block.name} leaves another {', '.join(sorted(other))}")
        elif any(part.warnings for part in parts):
            wrong.append(f"{block.name} warns: {[part.warnings for part in parts]}")
    assert not wrong, "\n".join(wrong)


def whole_script(note: Page) -> list[tuple[str, ...]]:
    return [(places.script_of(note).read_text("utf-8"),)]


def test_the_script_prints_what_the_page_shows(note: Page, record: Record, copies):
    ((ran,),) = (future.result() for future in copies)
    assert ran.error is None
    assert ran.warnings == []
    assert ran.output == "".join(block.output or "" for block in record.blocks)
    assert ran.left.items() >= shown(record)[-1][1].left.items()


def test_the_script_and_the_notebook_are_the_page_s(note: Page):
    published = places.script_of(note).read_text("utf-8")
    assert published == script.of(note), "run `make figures TEXT=1`"
    cells = published.split("\n# %% ")[1:]
    bare = [cell.partition("\n")[2].strip() for cell in cells]
    assert bare == [code.strip() for code in codes_of(note)]
    book = nbformat.read(places.notebook_of(note), as_version=4)
    nbformat.validate(book)
    assert [c.source.strip() for c in book.cells if c.cell_type == "code"] == bare
    assert "pip install torch matplotlib" in book.cells[0].source
    prose = "".join(c.source for c in book.cells if c.cell_type == "markdown")
    for unwanted in ("](../", ".md)", ".md#", "<div", "???", "{{", "!["):
        assert unwanted not in prose


def test_colab_is_offered_where_there_is_a_repository(note: Page, tmp_path: Path):
    page = tmp_path / "docs" / "notes" / note.path.name
    page.parent.mkdir(parents=True)
    page.write_text("# A note\n\nSays something.\n")
    (tmp_path / "CITATION.cff").write_bytes((ROOT / "CITATION.cff").read_bytes())
    config = tmp_path / "mkdocs.yml"
    config.write_text("repo_url: https://github.com/some/where/\n")
    links = "".join(site_markdown.framed(Page(page, tmp_path), ["# A note"]))
    there = f"/some/where/blob/main/docs/published/{note.slug}/{note.snippet.stem}"
    assert f"(https://colab.research.google.com/github{there}.ipynb)" in links
    for elsewhere in ("", "repo_url: https://example.org/some/where\n"):
        config.write_text(elsewhere)
        links = "".join(site_markdown.framed(Page(page, tmp_path), ["# A note"]))
        assert "Colab" not in links
        assert "Download .ipynb" in links


def test_a_note_is_cited_by_its_own_title_and_address(note: Page):
    entry = dict(re.findall(r"^  (\w+) = \{(.*)\},$", site_markdown.bibtex(note), re.M))
    assert entry["title"] == note.title
    assert entry["url"] == places.address(note)
    assert entry["url"].endswith(f"/notes/{note.slug}/")
    citation = (ROOT / "CITATION.cff").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert f"\nversion: {project['version']}\n" in citation
    assert f"\ndate-released: {entry['year']}-" in citation
    assert entry["howpublished"] == f"Descent Notes {project['version']}"
    assert entry["author"].strip("{}") in citation


def pixels(png: bytes) -> np.ndarray:
    return matplotlib.image.imread(io.BytesIO(png))


def test_the_notebook_s_pictures_show_the_published_data(note: Page):
    path = places.notebook_of(note)
    book = nbformat.read(path, as_version=4)
    shown = {
        cell.metadata.name: output.data["image/png"]
        for cell in book.cells
        if cell.cell_type == "code"
        for output in cell.outputs
        if output.output_type == "display_data"
    }
    assert set(shown) == {f"figure: {name}" for name in note.figures}
    bare = {name: base64.b64decode(shown[f"figure: {name}"]) for name in note.figures}
    assert json.loads(path.read_text("utf-8")) == json.loads(notebook.of(note, bare)), (
        "run `make figures TEXT=1`"
    )
    for name, picture in drawing.draw_pngs(note).items():
        old, new = map(pixels, (bare[name], picture))
        assert old.shape == new.shape
        assert old.std() > 0.05, f"{name} is blank"
        assert np.abs(old - new).mean() < 1e-3, f"{name} is another picture"


def executed(book: nbformat.NotebookNode, folder: Path, monkeypatch) -> list[str]:
    """Run a notebook; return what its cells print, "(figure)" for a figure.

    Statements that this session has run with the same inputs are not run again;
    nothing else of the cells is changed.
    """
    as_is = (ast.Expr, ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
    files = {"effects": effects.__file__, "statements": statements.__file__}
    load = f"""\
import ast as __ast, importlib.util as __util, pathlib as __pathlib, sys as __sys
for __name, __file in {files!r}.items():
    __spec = __util.spec_from_file_location(__name, __file)
    __memo = __sys.modules[__name] = __util.module_from_spec(__spec)
    __spec.loader.exec_module(__memo)
def __run(code):
    __memo.run(__ast.parse(code), "<cell>", globals(), __pathlib.Path({str(folder)!r}))
"""
    code_cells = [cell for cell in book.cells if cell.cell_type == "code"]
    for cell in code_cells:
        parts = [
            text if isinstance(node, as_is) else f"__run({text!r})"
            for node in ast.parse(cell.source).body
            if (text := ast.unparse(node))
        ]
        cell.source, cell.outputs = "\n".join(parts), []
    code_cells[0].source = load + code_cells[0].source
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as empty:
        where = {"metadata": {"path": empty}}
        NotebookClient(book, timeout=300, resources=where).execute()
    return [
        "".join(
            "(figure)" if "data" in output else output.get("text", "")
            for output in cell.outputs
            if "image/png" in output.get("data", {}) or "text" in output
        )
        for cell in code_cells
    ]


def test_the_notebook_runs_and_gives_what_it_shows(
    note: Page, record: Record, pytestconfig, monkeypatch
):
    book = nbformat.read(places.notebook_of(note), as_version=4)
    folder = pytestconfig.stash[PROGRAMS].statements
    figure = {f"figure: {name}": "(figure)" for name in note.figures}
    wanted = [figure.get(b.name, "") + (b.output or "") for b, _ in shown(record)]
    assert executed(book, folder, monkeypatch) == wanted


# Months and days of the week, in Greek and in Japanese.
MONTHS = """
Ιανουάριος Φεβρουάριος Μάρτιος Απρίλιος Μάιος Ιούνιος Ιούλιος Αύγουστος
Σεπτέμβριος Οκτώβριος Νοέμβριος Δεκέμβριος
Δευτέρα Τρίτη Τετάρτη Πέμπτη Παρασκευή Σάββατο Κυριακή
睦月 如月 弥生 卯月 皐月 水無月 文月 葉月 長月 神無月 霜月 師走
月曜日 火曜日 水曜日 木曜日 金曜日 土曜日 日曜日
"""
OWN_WORDS = {
    "two": ["sun", "moon"],
    "signs": ["$$$", "€$€$"],  # which Matplotlib could take for mathematics
    "months": MONTHS.split(),
    "hundreds": OTHER_WORDS[::9],
    "thousands": OTHER_WORDS,
}
NARROWER = {
    "(context * 10, 200), (200,)": "(context * 10, 20), (20,)",
    "(200, len(chars))": "(20, len(chars))",
}
# All programs with two words; with more, those that depend most on the characters.
TRIED = [
    *((note.slug, "two") for note in notes()),
    ("batch-dimension", "months"),
    ("batch-dimension", "thousands"),
    ("cross-entropy", "months"),
    ("mini-batch-noise", "hundreds"),
    ("mle-loss", "signs"),
    ("counting", "months"),
    ("reproducible-init", "hundreds"),
]


def narrower(program: str) -> str:
    """The program with a tenth of the hidden units: half the time, for any words."""
    for wide, narrow in NARROWER.items():
        assert program.count(wide) == 1
        program = program.replace(wide, narrow)
    return program


def with_own(slug: str, words: str) -> list[tuple[str, ...]]:
    text = script.of(Page(ROOT / f"docs/notes/{slug}.md"))
    program = narrower(with_words(text, OWN_WORDS[words]))
    # Draw the figures, as a notebook does.
    return [(program.replace("plt.show()", "plt.gcf().canvas.draw()"),)]


@pytest.mark.parametrize(("slug", "words"), TRIED)
def test_a_program_takes_other_words(slug: str, words: str, copies):
    ((ran,),) = (future.result() for future in copies)
    assert ran.error is None
    others = [text for text in ran.warnings if "missing from font" not in text]
    assert others == []


# What tests run as a reader does who copies it.
COPIED = {
    test_each_block_runs_alone_as_in_its_page.__name__: blocks_alone,
    test_the_script_prints_what_the_page_shows.__name__: whole_script,
    test_a_program_takes_other_words.__name__: with_own,
}


def begin(item: pytest.Function) -> list[Future[list[Done]]]:
    """Begin with the programs that a test copies, and run each beside the tests."""
    run_copied = item.config.stash[PROGRAMS].run_copied
    asked = item.callspec.params
    programs = COPIED[item.originalname](**asked)
    return [run_copied(*parts, after=asked.get("note")) for parts in programs]


@pytest.fixture(scope="session", autouse=True)
def begun(request) -> dict[str, list[Future[list[Done]]]]:
    """The copied programs of this session's tests, by the test, begun before it."""
    # With -x, the pages' programs aren't begun either before tests ask for them.
    if request.config.option.maxfail == 1:
        return {}
    items = [item for item in request.session.items if "copies" in fixtures_of(item)]
    return {item.nodeid: begin(item) for item in items}


@pytest.fixture
def copies(request, begun) -> list[Future[list[Done]]]:
    """The runs of the programs that a test copies."""
    return begun.get(request.node.nodeid) or begin(request.node)


@two_notes
def test_a_notebook_takes_other_words(page: Page, pytestconfig, monkeypatch):
    book = nbformat.read(places.notebook_of(page), as_version=4)
    setup = next(cell for cell in book.cells if cell.cell_type == "code")
    setup.source = narrower(with_words(setup.source, OTHER_WORDS))
    outputs = executed(book, pytestconfig.stash[PROGRAMS].statements, monkeypatch)
    assert outputs.count("(figure)") == len(page.figures)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "ValueError: words must be two different ones"),
        (["one"], "ValueError: words must be two different ones"),
        (["one", "one"], "ValueError: words must be two different ones"),
        (["e.g.", "one"], "without '.'"),
        ([1, 2], "TypeError: words must be a list of texts"),
        ("one two", "TypeError: words must be a list of texts"),
    ],
)
def test_a_list_that_is_no_list_of_words(words: object, said: str, run_copied):
    codes = codes_of(notes()[0])
    for program in (codes[0], slices.program(codes, 1, "here")):
        (ran,) = run_copied(with_words(program, words)).result()
        assert said in (ran.error or "")


def test_programs_need_nothing_but_torch_and_matplotlib(note: Page):
    for node in ast.walk(ast.parse("\n".join(codes_of(note)))):
        names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "."]
        assert {name.partition(".")[0] for name in names} <= INSTALLED
