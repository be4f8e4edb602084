"""The page of all eight notes, trained in the browser on any words."""

from __future__ import annotations

import json

import numpy as np
import pytest
from playwright.sync_api import Page as Tab

from publish.project import ROOT

from .play.tabs import layers, open_figure, overflow_above_50, press, said, type_in

FOLDER = ROOT / "docs" / "published" / "all-eight"
PUBLISHED = json.loads((FOLDER / "left-out.json").read_text("utf-8"))["series"]
PAGE = "notes/all-eight/"
WORDS = (
    "Your own words, with commas or line ends between them. Empty: the colour names."
)


def names(tab: Tab) -> list[str]:
    tab.get_by_role("button", name="Invent names").click()
    tab.wait_for_function(
        "() => document.querySelector('.play-names').childElementCount"
    )
    return [name.rstrip() for name in tab.locator(".play-names span").all_inner_texts()]


def test_before_anything_is_run_it_shows_what_is_published(tab: Tab, address: str):
    open_figure(tab, address, PAGE)
    *rows, guess, yours = layers(tab)
    assert [row["x"] for row in rows] == PUBLISHED["ends"]["values"]
    assert guess["x"] == [PUBLISHED["guess"]["values"]]
    assert yours["x"] == []
    assert tab.get_by_role("button", name="Invent names").is_disabled()


def test_the_browser_invents_the_page_s_own_names(tab: Tab, address: str):
    open_figure(tab, address, PAGE)
    text = press(tab, "Train")
    end = (FOLDER / "train.txt").read_text("utf-8").split()[-1]
    assert f"3000 steps end at {end} nats on all names" in text
    printed = (FOLDER / "invent.txt").read_text("utf-8").splitlines()
    assert names(tab) == [line.rstrip() for line in printed]
    many = sum("(in the list)" in line for line in printed)
    assert f"12 names, {many} of them in the list." in said(tab)


@pytest.mark.parametrize(("piece", "row"), [("decay", 7), ("small first weights", 2)])
def test_a_piece_that_is_left_out_costs_what_is_published(
    tab: Tab, address: str, piece: str, row: int
):
    open_figure(tab, address, PAGE)
    type_in(tab, "Steps", "600")
    tab.get_by_label("Leave out").select_option(piece)
    press(tab, "Train")
    mine = layers(tab)[-1]
    assert mine["y"] == [row]
    ends = PUBLISHED["ends"]["values"][row]
    # One more seed, on batches of its own.
    middle, spread = np.mean(ends), np.std(ends)
    assert abs(mine["x"][0] - middle) < 5 * spread


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("sun", "Give two different words at least."),
        (" , \n", "Give two different words at least."),
        ("a.b, c", "Leave out the full stop"),
        (", ".join(f"word{i}" for i in range(100_000)), "at most 200,000 characters"),
    ],
    ids=["one", "none", "full stop", "very many"],
)
def test_words_that_cannot_be_trained_on_get_a_sentence(
    tab: Tab, address: str, words: str, sentence: str
):
    open_figure(tab, address, PAGE)
    tab.get_by_label(WORDS).fill(words)
    text = press(tab, "Train")
    assert "These words can't be trained on." in text
    assert sentence in text
    assert tab.get_by_label(WORDS).input_value() == words


def test_own_words_are_learned(tab: Tab, address: str):
    open_figure(tab, address, PAGE)
    tab.get_by_label(WORDS).fill("солнце, луна\nзвезда")
    type_in(tab, "Steps", "200")
    assert "200 steps end at" in press(tab, "Train")
    made = names(tab)
    assert len(made) == 12
    known = [name.removesuffix(" (in the list)") for name in made]
    assert {"солнце", "луна", "звезда"} & set(known)
    # The published figure is about the notes' words: it has no dot of these.
    assert layers(tab)[-1]["x"] == []
    press(tab, "Reset")
    assert tab.get_by_label(WORDS).input_value() == ""
    assert tab.locator(".play-names span").count() == 0


def test_a_rate_at_which_the_loss_overflows_is_told(tab: Tab, address: str):
    overflow_above_50(tab)
    open_figure(tab, address, PAGE)
    type_in(tab, "Learning rate", "1e6")
    assert "Learning rate: give a number from" in said(tab)
    type_in(tab, "Learning rate", "100")
    type_in(tab, "Steps", "300")
    assert "the loss overflowed" in press(tab, "Train")
    assert "NaN" not in tab.locator("article").inner_html()
