"""A mistake gives one clear error: its file, its line and what to do."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import markdown
import pytest
from click import ClickException
from mkdocs.config import load_config

from publish.check import publishing
from publish.check.program import blocks_of, check_block, run
from publish.forms import claims_page, site_markdown
from publish.page import references
from publish.page.parts import parts
from publish.page.source import Page, notes
from publish.project import ROOT, PageError

PAGE = """\
---
description: A page.
---

# Demo

```python
# %% setup
```

```python
# %% add
```

It is {{ total }}.

```python
# %% figure: line
```

![A line up to {{ total }}.](../published/demo/line-light.svg)
"""
SNIPPET = '''\
"""A program."""

from setup import plt, values

# %% add
total = sum(values)
print(total)

# %% figure: line
fig, ax = plt.subplots()
ax.plot(values)
ax.set_xlabel("index")
'''
REFERENCE = """\
[student1908]
authors = ["Student"]
title = "The Probable Error of a Mean"
year = 1908
doi = "10.2307/2331554"
"""
CONFIG = f"""\
site_name: Demo
theme: {{name: material, font: false}}
plugins: []
hooks: [{ROOT}/publish/site/hooks.py]
markdown_extensions: [attr_list, {{publish.forms.extension: {{root: .}}}}]
validation: {{anchors: warn}}
"""


class Project:
    """A site of one page, in which to make mistakes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.page = root / "docs" / "notes" / "demo.md"
        self.snippet = root / "snippets" / "demo.py"
        self.page.parent.mkdir(parents=True)
        self.snippet.parent.mkdir()
        setup = "import matplotlib.pyplot as plt\n\nvalues = [1, 2, 3]\n"
        (root / "snippets" / "setup.py").write_text(setup)
        (root / "mkdocs.yml").write_text(CONFIG)
        (root / "docs" / "index.md").write_text("# Demo\n")
        shutil.copy(ROOT / "CITATION.cff", root)
        (root / references.FILE).write_text(REFERENCE)
        self.page.write_text(PAGE)
        self.snippet.write_text(SNIPPET)

    def edit(self, path: Path, old: str, new: str) -> None:
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def publish(self) -> list[ClickException]:
        return publishing.publish_notes([Page(self.page, self.root)])

    def expand(self) -> str:
        return "\n".join(site_markdown.to_lines(parts(Page(self.page, self.root))))

    def check(self) -> None:
        record = run(Page(self.page, self.root))
        for index in range(len(record.blocks)):
            check_block(record, index)

    def build(self, builder: str = "mkdocs") -> str:
        command = [sys.executable, "-m", builder, "build", "--strict"]
        environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
        built = subprocess.run(
            command, cwd=self.root, env=environment, capture_output=True, text=True
        )
        assert built.returncode, "the build passes in spite of the mistake"
        assert "Traceback" not in built.stderr
        return built.stderr


@pytest.fixture
def project(tmp_path: Path, published: Path) -> Project:
    made = Project(tmp_path)
    target = tmp_path / "docs" / "published" / "demo"
    target.mkdir(parents=True)
    for path in published.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return made


@pytest.fixture(scope="session")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the page without a mistake publishes."""
    root = tmp_path_factory.mktemp("demo")
    assert Project(root).publish() == []
    return root / "docs" / "published" / "demo"


def test_without_a_mistake_nothing_fails(project: Project):
    project.check()
    assert "It is 6." in project.expand()
    assert project.publish() == []


def test_a_cell_that_does_not_exist(project: Project):
    project.edit(project.page, "# %% add", "# %% sum")
    with pytest.raises(PageError, match=r"demo\.md:12: there is no cell 'sum'.*add"):
        project.expand()


def test_a_cell_with_other_code_beside_it(project: Project):
    project.edit(project.page, "# %% add\n", "# %% add\ntotal = 7\n")
    with pytest.raises(PageError, match=r"demo\.md:11: .* other lines too"):
        project.expand()


def test_a_cell_name_twice(project: Project):
    project.edit(project.snippet, "# %% figure: line", "# %% add")
    with pytest.raises(PageError, match=r"demo\.py:9: a second cell 'add'"):
        project.expand()


def test_two_cells_that_would_publish_the_same_files(project: Project):
    project.edit(project.snippet, "# %% add", "# %% figure-line")
    with pytest.raises(PageError, match=r"demo\.py:9: a second cell 'figure: line'"):
        project.expand()


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ("# %% add up", r"'# %% add up' names no cell\. Write '# %% name'"),
        ("# %% note: add", "'# %% note: add' names no cell"),
        ("# %% figure: add up", "'# %% figure: add up' names no cell"),
        ("# %% ../add", r"'# %% \.\./add' names no cell"),
        ("# %% Add", "'# %% Add' names no cell"),
        ("# %% 加", "'# %% 加' names no cell"),
        ("# %%", "'# %%' names no cell"),
        ("#%% add", "'#%% add' names no cell"),
        ("# %% setup", "'setup' is the name of something else"),
        ("# %% figure: numbers", "'figure: numbers' is the name of something else"),
    ],
)
def test_a_cell_name_that_is_none(project: Project, marker: str, said: str):
    project.edit(project.snippet, "# %% add", marker)
    with pytest.raises(PageError, match=rf"demo\.py:5: {said}"):
        project.expand()


def test_a_cell_that_begins_inside_a_function(project: Project):
    inner = "def f():\n    # %% note\n    return 1\n\n\ntotal ="
    project.edit(project.snippet, "total =", inner)
    with pytest.raises(PageError, match=r"demo\.py:7: '# %% note' .*, indented\. Wri"):
        project.expand()


def test_an_empty_cell(project: Project):
    project.edit(project.snippet, "total = sum(values)\nprint(total)\n", "\n")
    with pytest.raises(PageError, match=r"demo\.py:5: the cell 'add' is empty"):
        project.expand()


def test_a_snippet_without_cells(project: Project):
    project.snippet.write_text("total = 6\n")
    with pytest.raises(PageError, match=r"demo\.py:1: .* no cells\. Begin each .*%%"):
        project.expand()


def test_a_loop_that_can_t_be_copied(project: Project):
    project.edit(project.snippet, "print(total)", "while total < 9:\n    total += 1")
    with pytest.raises(PageError, match=r"demo\.py:7: `while` outside .*a function"):
        project.expand()


@pytest.mark.parametrize("name", ["page", "snippet"])
def test_a_file_in_another_encoding(project: Project, name: str):
    path = getattr(project, name)
    path.write_bytes(path.read_bytes() + "\n# café\n".encode("latin-1"))
    line = path.read_bytes().count(b"\n")
    with pytest.raises(PageError, match=rf"{path.name}:{line}: .* UTF-8"):
        project.expand()


def test_a_page_that_cannot_be_read(project: Project):
    project.page.unlink()
    project.page.symlink_to("nowhere.md")
    with pytest.raises(PageError, match=r"demo\.md:1: it can't be read: No such file"):
        notes(project.root)


def test_a_block_that_raises(project: Project):
    project.edit(project.snippet, "sum(values)", "sum(values) / 0")
    with pytest.raises(PageError, match=r"demo\.md:11: this block failed") as error:
        project.check()
    # A real traceback: the file, the line in it, the line's text, the error.
    assert f'File "{project.snippet}", line 6, in <module>' in error.value.message
    assert "total = sum(values) / 0" in error.value.message
    assert "ZeroDivisionError: division by zero" in error.value.message


def test_a_block_after_one_that_raises(project: Project):
    project.edit(project.snippet, "sum(values)", "sum(values) / 0")
    record = run(Page(project.page, project.root))
    with pytest.raises(PageError, match=r"demo\.md:17: not run, .* line 11 failed"):
        check_block(record, 2)


def test_a_block_that_raises_loses_nothing(project: Project):
    target = project.root / "docs" / "published" / "demo"
    before = {path: path.read_bytes() for path in target.iterdir()}
    project.edit(project.snippet, "sum(values)", "sum(values) / 0")
    assert [error.line for error in project.publish()] == [11]
    assert {path: path.read_bytes() for path in target.iterdir()} == before


def test_a_block_that_prints_something_else(project: Project):
    project.edit(project.snippet, "sum(values)", "sum(values) + 1")
    with pytest.raises(PageError, match=r"(?s)demo\.md:11: .*7\n.*6\n.*make figures"):
        project.check()


def test_a_block_with_no_output_shown_though_it_prints(project: Project):
    project.edit(project.page, "It is", '```python\nprint("hi")\n```\n\nIt is')
    with pytest.raises(PageError, match=r"demo\.md:15: .* prints, .* shows no output"):
        project.check()


def test_a_block_with_output_shown_though_it_prints_nothing(project: Project):
    shown = "<!--pytest-codeblocks:expected-output-->\n```text\nhi\n```"
    project.edit(project.page, "It is", f"```python\ntotal\n```\n\n{shown}\n\nIt is")
    with pytest.raises(PageError, match=r"(?s)demo\.md:15: .*the page shows\nhi"):
        project.check()


def test_a_block_that_warns(project: Project):
    warn = 'import warnings\nwarnings.warn("old")\ntotal = sum(values)'
    project.edit(project.snippet, "total = sum(values)", warn)
    with pytest.raises(PageError, match=r"demo\.md:11: .*UserWarning: old"):
        project.check()


def test_a_shell_block_runs_and_is_checked(project: Project):
    project.edit(project.page, "It is", "```bash\nfalse\n```\n\nIt is")
    with pytest.raises(PageError, match=r"(?s)demo\.md:15: .*exit status 1"):
        project.check()


@pytest.mark.parametrize(
    "info", ["", "py", "Python", "{.python}", 'python title="x"', "python {.x}", "json"]
)
def test_a_block_in_a_language_that_nobody_runs(project: Project, info: str):
    project.edit(project.page, "It is", f"```{info}\n1 / 0\n```\n\nIt is")
    with pytest.raises(PageError, match=r"demo\.md:15: no one runs .*: bash, python"):
        project.expand()


@pytest.mark.parametrize(
    "code",
    [
        "~~~python\n1 / 0\n~~~",
        "> ```python\n> 1 / 0\n> ```",
        "- ```python\n  1 / 0\n  ```",
        "1. ```python\n   1 / 0\n   ```",
        "<pre><code>1 / 0</code></pre>",
    ],
)
def test_code_that_is_shown_otherwise(project: Project, code: str):
    project.edit(project.page, "It is", f"{code}\n\nIt is")
    with pytest.raises(PageError, match=r"demo\.md:15: .* no one runs.*Begin the blo"):
        project.expand()


INDENTED = [
    "    1 / 0",
    "\t1 / 0",
    "Text.\n\n    1 / 0",
    "- An item.\n\nText.\n\n    1 / 0",
    "- An item.\n\n        1 / 0",
    "- An item.\n    - Another.\n\n            1 / 0",
    '!!! note "A note"\n\n    Text.\n\n        1 / 0',
    '!!! note "A note"\n        1 / 0',
    '??? note "A note"\n\n    Text.\n\nText.\n\n    1 / 0',
    "## A heading\n    1 / 0",
    ">     1 / 0",
]


@pytest.mark.parametrize("code", INDENTED)
def test_code_by_indentation(project: Project, code: str):
    project.edit(project.page, "It is", f"{code}\n\nIt is")
    line = 15 + code.count("\n")
    said = rf"demo\.md:{line}: '1 / 0' is code by its indentation.*Begin the block"
    with pytest.raises(PageError, match=said):
        project.expand()


NOT_CODE = [
    "Text\n    that goes on.",
    "- An item.\n\n    Its second paragraph.",
    "1. An item.\n    - Another.\n\n        Its second paragraph.",
    "- An item\nthat goes on.\n\n    Its second paragraph.",
    '!!! note "A note"\n\n    - An item.\n\n        Its second paragraph.',
    '??? note "A note"\n    Text.\n\n    More.',
    "A word\n\n:   Its meaning.\n\n    More of it.",
    "```text\nText.\n\n    1 / 0\n```",
    "> Text\n>\n> that goes on.",
]


@pytest.mark.parametrize("text", NOT_CODE)
def test_text_that_is_indented(project: Project, text: str):
    project.edit(project.page, "It is", f"{text}\n\nIt is")
    assert text in project.expand()


def test_code_by_indentation_is_what_python_markdown_takes_for_it():
    named = load_config(str(ROOT / "mkdocs.yml")).markdown_extensions
    others = [name for name in named if name != "publish.forms.extension"]
    shown = [markdown.markdown(text, extensions=others) for text in INDENTED]
    assert [html for html in shown if "<pre>" not in html] == []
    shown = [markdown.markdown(text, extensions=others) for text in NOT_CODE]
    assert [html for html in shown if "<pre><code>" in html] == []


@pytest.mark.parametrize(
    "text",
    [
        "`${{ github.ref }}`",
        "``a ` {{ total }}``",
        "$\\bar{{x}}$",
        "$a$ and $\\bar{{total}}$",
        "$$\\bar{{x}}$$",
        "$$\n\\bar{{x}}\n$$",
        "`a line\n{{ and }} another`",
    ],
)
def test_braces_in_code_and_mathematics(project: Project, text: str):
    project.edit(project.page, "It is {{", f"{text} is {{{{ total }}}}, {{{{")
    assert f"{text} is 6, 6." in project.expand()
    assert project.publish() == []


@pytest.mark.parametrize(
    "text", ["\\$5, {{ total }} and \\$6", "$5 {{ total }} $6", "`` {{ total }} `"]
)
def test_braces_in_what_is_no_code_and_no_mathematics(project: Project, text: str):
    project.edit(project.page, "It is", f"{text}\n\nIt is")
    assert text.replace("{{ total }}", "6") in project.expand()


def test_a_number_s_line_in_a_longer_text(project: Project):
    project.edit(project.page, "It is", "`a\nb` is\n{{ sum }}.\nIt is")
    with pytest.raises(PageError, match=r"demo\.md:17: .*no number 'sum'"):
        project.expand()
    (error,) = project.publish()
    assert "demo.md:17: " in error.message


@pytest.mark.parametrize(
    "mark",
    [
        "<!--pytest-codeblocks:skip-->",
        "<!--pytest-codeblocks:skipif(True)-->",
        "<!--pytest-codeblocks:importorskip(absent)-->",
        "<!--pytest-codeblocks:cont-->",
        "<!--pytest.mark.skip-->",
        "<!-- pytest.mark.xfail -->",
        "<!-- PYTEST-CODEBLOCKS: SKIP -->",
        "<!--",
    ],
)
def test_a_skip_marker(project: Project, mark: str):
    project.edit(project.page, "```python\n# %% add", f"{mark}\n```python\n# %% add")
    with pytest.raises(PageError, match=r"demo\.md:11: .* may keep a block .* Rem"):
        blocks_of(Page(project.page, project.root))


def test_a_whole_page_skipped(project: Project):
    project.page.write_text("<!--pytest-codeblocks:skipfile-->\n" + PAGE)
    with pytest.raises(PageError, match=r"demo\.md:1: .* may keep a block"):
        blocks_of(Page(project.page, project.root))


def test_a_figure_that_no_code_makes(project: Project):
    project.edit(project.page, "demo/line-light", "demo/curve-light")
    with pytest.raises(PageError, match=r"demo\.md:21: no code makes .*'curve'"):
        project.expand()


def test_a_figure_that_is_not_published(project: Project):
    (project.root / "docs" / "published" / "demo" / "line-light.svg").unlink()
    with pytest.raises(PageError, match=r"demo\.md:21: .*'line' is not published"):
        project.expand()


def test_a_figure_without_alternative_text(project: Project):
    project.edit(project.page, "![A line up to {{ total }}.]", "![]")
    with pytest.raises(PageError, match=r"demo\.md:21: .*without alternative text"):
        project.expand()


def test_a_figure_that_needs_more_than_data(project: Project):
    project.edit(project.snippet, "ax.plot(values)", "ax.plot(add(values))")
    project.edit(project.snippet, "total =", "add = lambda v: v\ntotal =")
    with pytest.raises(PageError, match=r"(?s)demo\.md:17: .*'add' is no data"):
        project.check()


def test_an_unknown_number(project: Project):
    project.edit(project.page, "It is {{ total }}", "It is {{ sum }}")
    with pytest.raises(PageError, match=r"demo\.md:15: .*no number 'sum'.*figures"):
        project.expand()
    assert "docs/notes/demo.md:15: the run of demo has no number" in project.build()


def test_a_number_of_an_unknown_page(project: Project):
    project.edit(project.page, "It is {{ total }}", "It is {{ demos.total }}")
    with pytest.raises(PageError, match=r"demo\.md:15: .*note that does not exist"):
        project.expand()


def test_a_number_in_an_impossible_format(project: Project):
    project.edit(project.page, "It is {{ total }}", "It is {{ total:.2q }}")
    with pytest.raises(PageError, match=r"demo\.md:15: .*cannot format 6"):
        project.expand()


def test_a_number_that_is_none(project: Project):
    project.edit(project.page, "It is {{ total }}", "It is {{ values }}")
    (error,) = project.publish()
    assert "demo.md:15: the program of demo ends with no number" in error.message


def test_a_page_with_no_snippet(project: Project):
    project.snippet.unlink()
    with pytest.raises(PageError, match=r"demo\.md:1: .* no snippets/demo\.py.*Add it"):
        project.expand()


def test_a_snippet_with_no_page(project: Project):
    project.snippet.with_name("other.py").write_text(SNIPPET)
    with pytest.raises(PageError, match=r"other\.py:1: .*docs/notes/other\.md"):
        notes(project.root)


def test_a_fence_that_never_ends(project: Project):
    project.page.write_text(PAGE + "\n```python\n")
    with pytest.raises(PageError, match=r"demo\.md:23: this fence never ends"):
        project.expand()


def test_an_output_that_rounding_decides(project: Project):
    digits = 'import os\nprint(os.environ.get("DESCENT_NUDGE"))\ntotal = sum(values)'
    project.edit(project.snippet, "total = sum(values)", digits)
    (error,) = project.publish()
    assert "rounded otherwise" in error.message
    assert "Print fewer digits" in error.message


@pytest.mark.parametrize("builder", ["mkdocs", "properdocs"])
def test_a_broken_link_and_a_broken_anchor(project: Project, builder: str):
    project.edit(project.page, "It is", "[a](gone.md) [b](#gone)\n\nIt is")
    errors = project.build(builder)
    assert "docs/notes/demo.md:15: " in errors
    assert "link 'gone.md'" in errors
    assert "link '#gone', but there is no such anchor" in errors
    assert errors.count("docs/notes/demo.md:15:") == 2


def test_a_source_is_named_and_an_unknown_one_is_refused(project: Project):
    link = "https://doi.org/10.2307/2331554"
    cited = "It is said ([@student1908]) by [@student1908].\n\n- [@student1908]: all."
    project.edit(project.page, "It is", cited + "\n\nIt is")
    text = project.expand()
    assert f"said ([Student, 1908]({link})) by [Student (1908)]({link})." in text
    title = "*The Probable Error of a Mean*"
    item = f"- Student (1908), {title}, [doi:10.2307/2331554]({link}): all."
    assert item in text
    project.edit(project.page, "- [@student1908]", "- [@student1909]")
    with pytest.raises(
        PageError, match=r"demo\.md:17: .*'student1909'.*Add it to docs"
    ):
        project.expand()


CLAIM = """
!!! claim "low-loss below 0.5 in every seed"

    The loss is {{ low_loss }} nats.
"""
CELL = """
# %% claim: low-loss
low_loss = np.linspace(0.1, 0.2, 16)  # (16,)
"""


@pytest.fixture
def claiming(project: Project) -> Project:
    """The site with a claim on its page."""
    project.page.write_text(PAGE + CLAIM)
    project.snippet.write_text(SNIPPET + CELL)
    setup = project.root / "snippets" / "setup.py"
    setup.write_text("import numpy as np\n" + setup.read_text())
    return project


def test_a_claim_without_a_mistake(claiming: Project):
    assert claiming.publish() == []
    text = claiming.expand()
    assert "The loss is 0.150 ± 0.017 nats." in text
    assert '??? measured "16 seeds, held to: below 0.5 in every seed"' in text
    assert "    Measured: 0.150 ± 0.017, spread 0.03" in text
    assert text.count("<circle") == 16
    (row,) = [
        r for r in claims_page.claims_page(claiming.root).split("\n") if "0.150" in r
    ]
    assert row.count("|") == 6
    assert "0.03" in row


IN_CLAIM = "    ```python\n    x = 1\n    ```\n\n    It is"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "below 0.5 in every seed",
            "small",
            r"demo\.md:23: 'low-loss small' states",
        ),
        ("below 0.5", "between 2 and 1", r"demo\.md:23: .* no number is above 2 and"),
        ("low-loss below", "loss below", r"demo\.md:23: no cell measures 'loss'.*Add"),
        ("    The loss is", "The loss is", r"demo\.md:23: 'low-loss' states nothing"),
        (
            "    The loss is",
            f"    Is.\n\n{IN_CLAIM}",
            r"demo\.md:27: a block in a claim",
        ),
        (
            '!!! claim "low',
            '!!! note "low',
            r"demo\.py:14: no claim 'low-loss'",
        ),
    ],
)
def test_a_claim_badly_stated(claiming: Project, old: str, new: str, said: str):
    claiming.edit(claiming.page, old, new)
    with pytest.raises(PageError, match=said):
        claiming.expand()


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("low_loss =", "loss =", r"leaves no variable 'low_loss'"),
        ("0.2, 16", "0.2, 15", r"demo\.md:23: low-loss: .* has the shape \(15,\)"),
        ("16)", "16).astype(int)", r"demo\.md:23: low-loss: .* all finite"),
        ("0.1, 0.2", "0.1, 0.6", r"measured 0.35 .* not in 4 of them"),
        ("0.1, 0.2", "0.4, 0.6", r"measured 0.5 .*, not below 0.5 in every seed"),
    ],
)
def test_a_claim_that_does_not_hold(claiming: Project, old: str, new: str, said: str):
    claiming.edit(claiming.snippet, old, new)
    (error,) = claiming.publish()
    assert re.search(said, error.message)


def test_a_claim_that_holds_for_these_seeds_alone(claiming: Project):
    drawn = "low_loss = torch.rand(16, generator=g).double() * 0.4"
    seeded = "import torch\n\ng = torch.Generator().manual_seed(0)\n"
    seeded += "if g.initial_seed() > 999:\n"
    seeded += "    values = [9]\n" + drawn + " * values[0]"
    claiming.edit(claiming.snippet, CELL.split("\n")[2], seeded)
    (error,) = claiming.publish()
    assert "With other seeds than the page's" in error.message
