"""What the prose says about a run is what the run has, and what its reviewer read."""

import re
import tomllib
from collections.abc import Iterator
from concurrent.futures import Future

import numpy as np
import pytest

from publish.check import typed_numbers
from publish.check.program import Done, Record
from publish.page import slices
from publish.page.parts import parts, program_blocks
from publish.page.quotes import NUMBER
from publish.page.source import FIGURE, IMAGE, Page, notes
from publish.project import ROOT

REVIEWED = tomllib.loads((ROOT / "tests" / "prose.toml").read_text("utf-8"))
OTHERS = [Page(ROOT / "docs" / f"{name}.md") for name in ("index", "glossary")]


def numbers_said(page: Page) -> dict[str, str]:
    """Phrases with a number, each with what of the program it must equal."""
    said = REVIEWED["numbers"]
    phrases: dict[str, str] = {**said["every-page"], **said.get(page.slug, {})}
    return {phrase: what for phrase, what in phrases.items() if says(page, phrase)}


def plain(text: str) -> str:
    """A text in one line, its placeholders spaced alike."""
    return re.sub(r"\s*\}\}", " }}", " ".join(text.split()))


def idioms(page: Page) -> list[str]:
    return REVIEWED["idioms"]["every-page"] + REVIEWED["idioms"].get(page.slug, [])


def says(page: Page, phrase: str) -> bool:
    return any(phrase.lower() in line.lower() for _, line in page.prose())


@pytest.mark.parametrize("page", [*notes(), *OTHERS], ids=lambda page: page.slug)
def test_numbers_in_the_prose_come_from_a_run(page: Page):
    found = typed_numbers.typed_numbers(page, [*numbers_said(page), *idioms(page)])
    where = [f"{page.path.name}:{line}: {number}" for line, number in found]
    advice = "quote a variable, {{ name }}, or list the phrase in tests/prose.toml: "
    assert not found, advice + ", ".join(where)


@pytest.mark.parametrize("kind", ["numbers", "idioms"])
def test_each_phrase_reviewed_is_on_its_page(kind: str):
    pages = {page.slug: page for page in [*notes(), *OTHERS]}
    for slug, phrases in REVIEWED[kind].items():
        where = pages.values() if slug == "every-page" else [pages[slug]]
        gone = [p for p in phrases if not any(says(page, p) for page in where)]
        assert not gone, f"tests/prose.toml: {slug} no longer says {gone}"


def numbers_in(phrase: str) -> list[float]:
    """The numbers of a phrase in order: "two and four fifths" are 0.4 and 0.8."""
    tokens = rf"\d+(?:\.\d+)?|{typed_numbers.WORDS.pattern}"
    found: list[float] = []
    counts: list[float] = []
    for token in re.finditer(tokens, phrase, re.IGNORECASE):
        word = token[0].lower()
        if word[0].isdigit():
            found.append(float(word))
        elif word.removesuffix("s") in typed_numbers.SHARES and counts:
            # A share of what was counted just before it.
            found[-len(counts) :] = [n * typed_numbers.value_of(word) for n in counts]
            counts = []
        else:
            found.append(typed_numbers.value_of(word))
            counts = [*counts, found[-1]] if word in typed_numbers.COUNTS else []
    return found


def test_numbers_in_the_prose_are_the_run_s(note: Page, record: Record):
    about = {
        "claim_seeds": [
            note.measurement(claim)["seeds"] for claim in note.claims.values()
        ],
        "bound": lambda name: note.claims[name].bound,
    }
    for phrase, expression in numbers_said(note).items():
        found = np.ravel(eval(expression, about, record.values))
        said = numbers_in(phrase)
        assert found.size % len(said) == 0, f"{phrase!r}: {expression} is {found}"
        repeated = np.resize(said, found.size)
        assert np.allclose(found, repeated), f"{phrase!r}: {expression} is {found}"


def test_a_claim_says_its_conditions_and_which_way_it_goes(note: Page):
    reviewed = REVIEWED["claims"].get(note.slug, {})
    assert sorted(reviewed) == sorted(note.claims), (
        "list its claims in tests/prose.toml"
    )
    for claim in note.claims.values():
        where = f"{note.path.name}:{claim.line}: {claim.name}"
        said, phrases = plain(claim.statement), list(map(plain, reviewed[claim.name]))
        missing = [phrase for phrase in phrases if phrase not in said]
        assert not missing, f"{where} no longer says {missing}"
        for phrase in phrases:
            said = said.replace(phrase, "")
        left = [number[0] for number in NUMBER.finditer(said)]
        assert not left, f"{where}: no phrase in tests/prose.toml has {left}"


def test_a_claim_of_every_seed_is_held_in_every_seed(note: Page):
    all_of_them = r"every (?:seed|model|start)|each of sixteen"
    for claim in note.claims.values():
        if re.search(all_of_them, claim.statement):
            where = f"{note.path.name}:{claim.line}: {claim.name}"
            assert claim.bound.every, f"{where}: add 'in every seed' to its bound"


def test_a_claim_quotes_its_own_measurement_and_no_other_claim_s(note: Page):
    measured = {claim.variable for page in notes() for claim in page.claims.values()}
    for claim in note.claims.values():
        quoted = {
            found["name"] for found in NUMBER.finditer(claim.statement)
        } & measured
        about = note.measurement(claim)
        # A value that is rounding alone is not quoted: it has no digits.
        shown = about["decimals"] is not None or claim.bound.count
        own = {claim.variable} if shown else quoted
        where = f"{note.path.name}:{claim.line}: {claim.name}"
        assert quoted == own <= {claim.variable}, f"{where} quotes {quoted}"


def test_numbers_on_the_first_page_count_the_notes():
    about = {"notes": len([page for page in notes() if not page.deeper])}
    for phrase, expression in REVIEWED["numbers"]["index"].items():
        assert numbers_in(phrase) == list(np.ravel(eval(expression, about))), phrase


def pictures(page: Page) -> Iterator[tuple[str, str, str]]:
    """The figures that a page shows: whose each is, its name and its description."""
    for image in IMAGE.finditer(page.text):
        figure = FIGURE.search(image["target"])
        assert figure, f"{page.path.name} shows {image['target']}, which no code makes"
        yield figure["page"], figure["name"], image["alt"].lower()


@pytest.mark.parametrize("page", [*notes(), OTHERS[0]], ids=lambda page: page.slug)
def test_a_description_is_its_figure_s_and_no_other_s(page: Page):
    reviewed = REVIEWED["figures"]
    if page.is_note:
        own = [(page.slug, name) for name in page.figures]
        assert [(slug, name) for slug, name, _ in pictures(page)] == own
        listed = sorted(reviewed.get(page.slug, {}))
        assert listed == sorted(page.figures), "list its figures in tests/prose.toml"
    for slug, name, said in pictures(page):
        fits = [
            f"{other}/{figure}"
            for other, figures in reviewed.items()
            for figure, words in figures.items()
            if all(word.lower() in said for word in words)
        ]
        where = f"{page.path.name}: the description of {slug}/{name}"
        assert fits == [f"{slug}/{name}"], f"{where} reads as that of {fits}"


@pytest.mark.parametrize("page", [*notes(), OTHERS[0]], ids=lambda page: page.slug)
def test_a_description_says_which_way_its_figure_goes(page: Page):
    reviewed = REVIEWED["goes"].get(page.slug, {})
    for _, name, said in pictures(page):
        phrases = reviewed.get(name, [])
        assert phrases, f"say which way {name} goes in tests/prose.toml"
        missing = [phrase for phrase in phrases if plain(phrase) not in plain(said)]
        assert not missing, f"{page.path.name}: {name} no longer says {missing}"


def test_a_card_has_its_note_s_title_link_and_figure():
    cards = re.findall(
        r"^- \*\*\d+\. \[(.+)\]\(notes/(.+)\.md\)\*\*\n\n    (!\[.+\))\n\n    [\w*]",
        OTHERS[0].text,
        re.MULTILINE,
    )
    assert len(cards) == len([page for page in notes() if not page.deeper])
    for title, slug, image in cards:
        figure = FIGURE.search(image.rstrip(")"))
        note = Page(ROOT / "docs" / "notes" / f"{slug}.md")
        assert title == note.title
        assert figure, image
        assert figure["page"] == slug, f"{figure[0]} on the card of {slug}"


LINK = re.compile(r"(?<!!)\[(?P<text>[^\]]+)\]\((?:notes/)?(?P<slug>[\w-]+)\.md\)")


def titles(page: Page) -> list[str]:
    return [found.lower() for found in re.findall(r"^#+ (.+)$", page.text, re.M)]


@pytest.mark.parametrize("page", [*notes(), *OTHERS], ids=lambda page: page.slug)
def test_a_link_s_text_names_the_page_that_it_leads_to(page: Page):
    claims = Page(ROOT / "docs" / "claims.md")
    others = {other.slug: other for other in [*notes(), claims]}
    reviewed = dict(REVIEWED["links"].get(page.slug, {}))
    for line, prose in page.prose():
        for text, slug in LINK.findall(prose):
            where = f"{page.path.name}:{line}: [{text}] leads to {slug}"
            if text in reviewed:
                assert reviewed.pop(text) == slug, where
                continue
            fits = [s for s, p in others.items() if text.lower() in titles(p)[0]]
            fits = fits or [
                s
                for s, p in others.items()
                if any(text.lower() in t for t in titles(p))
            ]
            assert fits == [slug], f"{where}, and is said in a title of {fits}"
    assert not reviewed, f"tests/prose.toml: {page.slug} has no link {reviewed}"


def test_the_next_note_is_the_next_in_the_navigation():
    nav = re.findall(r"notes/(.+)\.md$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.M)
    for page in notes():
        for text, slug in LINK.findall(page.text):
            if "next note" in text:
                assert nav.index(slug) == nav.index(page.slug) + 1, page.path.name


def section(page: Page, title: str) -> str:
    return page.text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def test_a_note_keeps_its_caveats(note: Page):
    care = section(note, "Where the note needs care")
    point = re.compile(r'^(?:- )?\*\*(.+?)\*\*.|^!!! \w+ "([\w-]+) ', re.MULTILINE)
    found = [bold or claim for bold, claim in point.findall(care)]
    assert found == REVIEWED["care"].get(note.slug, []), "list them in tests/prose.toml"


def test_a_counter_example_has_a_sentence_that_leads_to_it(note: Page):
    lines = note.text.split("\n")
    for claim in note.claims.values():
        if claim.kind != "counterexample":
            continue
        above, blank = lines[claim.line - 3 : claim.line - 1]
        where = f"{note.path.name}:{claim.line}: {claim.name}"
        prose = re.fullmatch(r"(?![-#`!$]|\d+\. )\S.+ .+[.:?]", above)
        assert blank == "", f"{where}: an empty line before it"
        assert prose, f"{where}: a sentence before it, not {above!r}"


def codes_of(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def in_program(page: Page, code: str) -> bool:
    """Whether a cell has the code, and not as a part of a longer name or number."""
    program = "\n".join(cell.code for cell in page.cells.values())
    whole = rf"(?<![\w.]){re.escape(code)}(?![\w.])" if code[0].isalnum() else None
    return bool(re.search(whole or re.escape(code), program))


def test_what_try_it_names_is_in_the_program(note: Page):
    text = section(note, "Try it")
    new = [code for code in dict.fromkeys(codes_of(text)) if not in_program(note, code)]
    advice = "is in no cell. Correct it, or list what is new in tests/prose.toml"
    assert new == REVIEWED["tries"].get(note.slug), f"{note.path.name}: {new} {advice}"
    old = r"(?:[Rr]eplace|[Rr]emove|the line that makes|cell that makes)[^`.]*`([^`]+)`"
    for code in re.findall(old, text):
        assert in_program(note, code), f"{note.path.name}: {code!r} {advice}"


def trying(
    slug: str, cell: str, run_copied, *changes: tuple[str, str]
) -> Future[list[Done]]:
    """Run a cell as its copy button gives it, with pieces of the code replaced."""
    page = Page(ROOT / "docs" / "notes" / f"{slug}.md")
    codes = [block.code for block in program_blocks(parts(page))]
    program = slices.program(codes, list(page.cells).index(cell), "here")
    for old, new in changes:
        assert old in program, f"{slug}: no {old!r} to change"
        program = program.replace(old, new)
    future: Future[list[Done]] = run_copied(program)
    return future


def tried(slug: str, cell: str, run_copied, *changes: tuple[str, str]) -> Done:
    """What `trying` the same comes to."""
    (ran,) = trying(slug, cell, run_copied, *changes).result()
    return ran


def test_try_it_with_other_sizes_of_the_two_bugs(run_copied):
    more, one = REVIEWED["tries"]["batch-dimension"]
    own = "torch.randint(len(X), (len(chars),)"
    change = own, own.replace("(len(chars),)", more)
    error = tried("batch-dimension", "two-bugs", run_copied, change).error
    assert error
    assert "size" in error
    gone = ('    "no keepdim": lambda exps: exps / exps.sum(1),\n', "")
    silent = tried("batch-dimension", "two-bugs", run_copied, change, gone)
    assert silent.error is None
    assert "no keepdim" not in silent.output
    change = own, own.replace("(len(chars),)", one)
    alone = tried("batch-dimension", "two-bugs", run_copied, change)
    means = dict(re.findall(r"^(.+?) +\(1,\), mean (-?[\d.]+)$", alone.output, re.M))
    assert means["no keepdim"] == means["right"]
    assert float(means["dim 0"]) == 0 != float(means["right"])


def test_try_it_with_gradients_of_an_early_model_and_of_a_large_batch(run_copied):
    early, large = REVIEWED["tries"]["per-example-gradients"]
    own = "n_steps, lr, batch_size = 200, 0.1, 32"
    shares = []
    lines = own, early, own.replace("32", large)
    name = "per-example-gradients", "right-angles"
    for running in [trying(*name, run_copied, (own, line)) for line in lines]:
        (ran,) = running.result()
        assert ran.error is None
        shares += [int(x) for x in re.findall(r"itself: (\d+)%", ran.output)]
    at_end, early_share, large_share = shares
    assert early_share < at_end - 10
    assert large_share > 80


def test_try_it_with_processes_that_add_up_and_with_other_shares(run_copied):
    adds_up, other = REVIEWED["tries"]["split-over-processes"]
    far = "unequal_shares = off(unequal)"
    printing = far, f"print(off(unequal).max().item())\n{far}"
    apart = []
    changes = ("cross_entropy(model(x), y)", adds_up), ("large, small = 24, 8", other)
    name = "split-over-processes", "claim: unequal-shares"
    for running in [trying(*name, run_copied, one, printing) for one in changes]:
        (ran,) = running.result()
        assert ran.error is None
        apart.append(float(ran.output))
    assert apart[0] < 1e-12
    assert 0.01 < apart[1] < 0.25


def test_try_it_with_a_certain_character_and_with_a_smaller_share(run_copied):
    given = ('"g" if "g"', '"q" if "q"')
    certain = tried("cross-entropy", "two-parts", run_copied, given)
    assert certain.error is None
    rows = re.findall(r"(\S+) \+ (\S+) = (\S+) nats", certain.output)
    assert len(rows) == 4
    for entropy, divergence, cost in rows:
        assert float(entropy) == 0  # it is printed as -0.00, and so may its cost be
        assert float(divergence) == float(cost)  # all of it is divergence
    given = ("(count + 1) / (count + 1)", "(count + 0.01) / (count + 0.01)")
    close = tried("cross-entropy", "two-parts", run_copied, given)
    usual = tried("cross-entropy", "two-parts", run_copied)
    (new, old) = (
        float(re.findall(r"counts \+ 1 .* \+ ([\d.]+) =", ran.output)[0])
        for ran in (close, usual)
    )
    assert 0 <= new < old


def test_try_it_with_larger_weights_and_in_float64(run_copied):
    larger = ("W2 *= 0.01", "W2 *= 0.3")
    surer = tried("temperature", "best-temperature", run_copied, larger)
    assert surer.error is None
    (best,) = re.findall(r"small: T = ([\d.]+)", surer.output)
    assert 1 < float(best) < 1.5  # "a little too sure"
    double = ("[0.0, gap], requires", "[0.0, gap], dtype=torch.float64, requires")
    exact = tried("temperature", "float32", run_copied, double)
    assert exact.error is None
    table = [line.split() for line in exact.output.splitlines()[1:]]
    assert len(table) == 4
    for gap, *by_hand_and_built_in in table:
        assert by_hand_and_built_in == [f"{gap}.00", "-1.00"] * 2


def test_try_it_with_a_slower_run_and_with_a_smaller_large_batch(run_copied):
    slower, alike = REVIEWED["tries"]["which-batch-size"]
    own = "small, large, lr = 8, 512, 0.1"
    scales = []
    lines, name = (own, slower, alike), ("which-batch-size", "two-batches")
    for running in [trying(*name, run_copied, (own, line)) for line in lines]:
        (ran,) = running.result()
        assert ran.error is None
        scales.append([int(x) for x in re.findall(r"noise scale (-?\d+)", ran.output)])
    usual, slow, noisy = scales
    assert slow[-1] > 1.5 * usual[-1]
    for new, old in zip(noisy[1:], usual[1:], strict=True):
        assert not 0.7 < new / old < 1.4  # far off, after training


def printed_loss(text: str) -> float:
    (found,) = re.findall(r"^loss .*?(\d+\.\d+)$", text, re.MULTILINE)
    return float(found)


def test_try_it_with_a_sum_and_with_the_slip(run_copied):
    (rate,) = REVIEWED["tries"]["mle-loss"]
    summed = (".log().mean()", ".log().sum()")
    lower = ("lr = 32, 500, 0.1", f"_ = 32, 500, 0\n{rate}")
    slip = ("prob[torch.arange(batch_size), Yb]", "prob[:, Yb]")
    losses = []
    changes: list[tuple[tuple[str, str], ...]] = [
        (),
        (summed,),
        (summed, lower),
        (slip,),
    ]
    name = "mle-loss", "one-line"
    for running in [trying(*name, run_copied, *some) for some in changes]:
        (ran,) = running.result()
        assert ran.error is None
        losses.append(printed_loss(ran.output))
    right, too_far, same, wrong = losses
    assert abs(same / 32 - right) < 0.01
    assert too_far / 32 > 20
    assert 1.8 < wrong / right < 2.2


def test_try_it_with_smoothing_and_with_fewer_steps(run_copied):
    (smooth,) = REVIEWED["tries"]["counting"]
    line = "bigram_loss = loss_of"
    losses = []
    for changes in [(), ((line, f"{smooth}\n{line}"),)]:
        ran = tried("counting", "counts", run_copied, *changes)
        assert ran.error is None
        losses.append(printed_loss(ran.output))
    counted, smoothed = losses
    assert 0 < smoothed - counted < 0.1
    fewer = tried("counting", "one-descent", run_copied, (" = 5000", " = 500"))
    all_steps = tried("counting", "one-descent", run_copied)
    gaps = [printed_loss(ran.output) - counted for ran in (fewer, all_steps)]
    assert 8 < gaps[0] / gaps[1] < 13
