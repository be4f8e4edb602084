"""Page, snippet, published files and tests belong together, one to one."""

import ast
import re
from importlib.metadata import distributions

import pytest

from publish.check.program import blocks_of
from publish.inside import effects
from publish.page import glossary, places, references
from publish.page.cells import read_cells
from publish.page.source import Page, notes
from publish.project import ROOT, files


def test_each_note_has_its_snippet_published_files_and_facts():
    slugs = {page.slug for page in notes()}
    modules = {slug.replace("-", "_") for slug in slugs}
    snippets = {path.stem for path in files(ROOT, "snippets/*.py")} - {"color_names"}
    published = {path.name for path in files(ROOT, "docs/published/*")} - {"index"}
    assert (snippets, published) == (modules, slugs)
    facts = ROOT.glob("tests/facts/test_*.py")
    assert {path.stem.removeprefix("test_") for path in facts} == modules


@pytest.mark.parametrize(
    ("file", "link"),
    [
        ("mkdocs.yml", r"notes/([\w-]+)\.\w+$"),
        ("docs/index.md", r"^- \*\*\d+\. .+\(notes/([\w-]+)\.\w+\)"),
    ],
)
def test_nav_and_the_first_page_list_every_note_once(file: str, link: str):
    text = (ROOT / file).read_text("utf-8")
    listed = sorted(re.findall(link, text, re.MULTILINE))
    # Deeper pages are in the navigation alone: their notes lead to them.
    wanted = [p.slug for p in notes() if file == "mkdocs.yml" or not p.deeper]
    assert listed == wanted, f"list each note in {file}"


def test_the_first_page_lists_the_notes_in_the_order_of_the_navigation():
    nav = (ROOT / "mkdocs.yml").read_text("utf-8")
    index = (ROOT / "docs" / "index.md").read_text("utf-8")
    listed = re.findall(r"^- \*\*(\d+)\. \[.+\]\(notes/(.+)\.md\)", index, re.MULTILINE)
    numbers = [int(number) for number, _ in listed]
    assert numbers == list(range(1, len(listed) + 1))
    deeper = {page.slug for page in notes() if page.deeper}
    in_nav = re.findall(r"notes/(.+)\.md$", nav, re.MULTILINE)
    in_nav = [slug for slug in in_nav if slug not in deeper]
    assert in_nav == [slug for _, slug in listed], "list the notes in the same order"


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
    tree = ast.parse(note.cells["setup"].code)
    made = set().union(*map(effects.made_by, tree.body))
    assert {alias.name for alias in before[1].names} <= made


DRAWS = {
    *("bernoulli", "binomial", "dropout", "multinomial", "normal", "poisson", "rand"),
    *("rand_like", "randint", "randint_like", "randn", "randn_like", "randperm"),
    *("bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_"),
    *("normal_", "random_", "uniform_", "xavier_normal_", "xavier_uniform_"),
}


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
    head = r"\A---\ndescription: .{40,160}\n(?:deeper: [\w-]+\n)?---\n\n# "
    assert re.search(head, note.text), note.path
    folded = '\n??? abstract "Set-up: the data and the model"\n\n    ```python\n'
    assert note.text.count(f"{folded}    # %% setup\n    ```\n\n## ") == 1, note.path
    _, *sections = re.split(r"^## ", note.text, flags=re.MULTILINE)
    titles = [section.partition("\n")[0] for section in sections]
    last = [title for title in titles if title != "Going deeper"][-2:]
    assert last == ["Try it", "Sources"], note.path
    assert "Going deeper" not in titles[:-1], note.path
    assert all(section.partition("\n")[2].strip() for section in sections), note.path
    assert note.figures, "a note has at least one figure"


def facts_of(page: Page) -> list[ast.FunctionDef]:
    """The tests of the page's facts."""
    path = ROOT / "tests" / "facts" / f"test_{page.snippet.stem}.py"
    return [
        node
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


def test_there_are_thirty_claims_and_some_on_each_page():
    counts = {page.slug: len(page.claims) for page in notes()}
    assert min(counts.values()) >= 1, counts
    assert sum(counts.values()) >= 30, counts


def test_facts_are_tests_that_can_fail(note: Page):
    for test in facts_of(note):
        nodes = list(ast.walk(test))
        values = any(isinstance(n, ast.Name) and n.id == "values" for n in nodes)
        asserts = any(isinstance(n, ast.Assert) for n in nodes)
        assert values, f"{test.name} reads no run"
        assert asserts, f"{test.name} asserts nothing"


REFERENCES = references.read(ROOT)


def cited(page: Page) -> list[str]:
    return [found["key"] for found in references.CITED.finditer(page.text)]


@pytest.mark.parametrize("key", REFERENCES)
def test_a_reference_is_used_and_can_be_found(key: str):
    reference = REFERENCES[key]
    assert any(key in cited(page) for page in notes()), f"no page uses {key}"
    ways = [kind for kind in references.HOSTS if getattr(reference, kind)]
    assert len(ways) == 1, f"{key}: say its doi, its arxiv number or its url"
    forms = {
        "doi": r"10\.\d{4,}/\S+",
        "arxiv": r"\d{4}\.\d{4,5}",
        "url": r"https://\S+",
    }
    found = getattr(reference, ways[0])
    assert re.fullmatch(forms[ways[0]], found), f"{key}: {found!r} is no {ways[0]}"


def test_a_page_lists_each_source_that_it_names(note: Page):
    prose, _, sources = note.text.partition("\n## Sources\n")
    items = re.findall(r"^- \[@([\w-]+)\]", sources, re.MULTILINE)
    assert items, f"{note.path.name}: no source"
    named = {found["key"] for found in references.CITED.finditer(prose)}
    assert named <= set(items), f"{note.path.name}: add {named - set(items)}"
    # A doi or an arXiv number comes from the one file of references.
    assert not re.search(r"doi\.org|arxiv\.org", note.text), note.path.name


def test_the_glossary_explains_words_that_the_notes_use():
    text = " ".join(line for page in notes() for _, line in page.prose())
    text += " ".join(
        str(page.measurement(claim)["text"])
        for page in notes()
        for claim in page.claims.values()
    )
    listed = glossary.ENTRY.findall((ROOT / glossary.FILE).read_text("utf-8"))
    firsts = [terms.partition(",")[0] for terms, _ in listed]
    assert firsts == sorted(firsts, key=str.lower), "keep them in order"
    words = [word for terms, _ in listed for word in terms.split(", ")]
    assert len(set(words)) == len(words), "a word is explained twice"
    unused = [
        w for w in words if not re.search(rf"(?<![\w-]){re.escape(w)}(?![\w-])", text)
    ]
    assert not unused, f"no note says {unused}"


def test_a_figure_is_shown_once_on_its_page(note: Page):
    shown = re.findall(rf"published/{note.slug}/([\w-]+)-light\.svg", note.text)
    assert shown == list(note.figures)


def test_each_of_the_eight_notes_and_the_recipe_can_be_played():
    slugs = {note.slug for note in notes() if not note.deeper} | {"all-eight"}
    missing = [slug for slug in slugs if not places.play_module(ROOT, slug).exists()]
    assert not missing, f"docs/assets/play/ has no script of {missing}"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_between_files_lead_somewhere(name: str):
    text = re.sub(r"`[^`]*`", "", (ROOT / name).read_text("utf-8"))
    targets = re.findall(r"\]\(([^)\s]+)\)|(?:src|srcset)=\"([^\"]+)\"", text)
    files = [t for pair in targets for t in pair if t and "://" not in t]
    missing = [file for file in files if not (ROOT / file).exists()]
    assert not missing, f"{name}: correct the link, or its target"


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    return dict(line.split("==") for line in lines if "==" in line)


def test_results_were_published_with_the_libraries_that_are_pinned(note: Page):
    machine = note.published_numbers["machine"]
    for name in ("torch", "numpy"):
        release = machine[name].partition("+")[0]  # without "+cpu"
        assert release == pins()[name], f"constraints.txt: {name}: run `make figures`"


def known() -> set[str]:
    return {normal(name) for name in pins()}


def normal(name: str) -> str:
    return name.lower().replace("_", "-")


def test_what_is_installed_is_what_is_pinned():
    # Apart from torch: another release of it may be held against the results.
    installed = {normal(dist.name): dist.version for dist in distributions()}
    others = {name: pin for name, pin in pins().items() if name != "torch"}
    found = {name: installed.get(normal(name), pin) for name, pin in others.items()}
    assert found == others, "set up anew: make clean, then make test"
    # Not pinned: what comes with Python, and the CUDA wheels that PyTorch chooses.
    free = {"pip", "setuptools", "wheel", "descent-notes", "triton"}
    cuda = ("nvidia-", "cuda-")
    unpinned = {n for n in installed if not n.startswith(cuda)} - free - known()
    assert not unpinned, "pin it in constraints.txt"
