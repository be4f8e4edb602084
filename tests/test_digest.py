"""A digest tells what a program left: each number counts, and its type and shape."""

import numpy as np
import pytest

from publish.check.digest import digest


def test_a_variable_has_its_mean_and_the_root_of_its_mean_square():
    found = digest({"losses": np.array([[3.0, 4.0], [-1.0, -2.0]])})
    assert list(found) == ["losses float64[2, 2]"]
    assert found["losses float64[2, 2]"] == pytest.approx([1.0, 7.5**0.5], rel=1e-14)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([np.nan, 3.0], [1.0, 5**0.5]),  # NaN counts as -1
        ([np.inf, np.inf], [1e300, 1e300]),
        ([-np.inf, -np.inf], [-1e300, 1e300]),
        ([], [0.0, 0.0]),
    ],
)
def test_a_digest_is_of_finite_numbers(values: list[float], expected: list[float]):
    (found,) = digest({"x": np.array(values)}).values()
    assert found == pytest.approx(expected, rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ("value", "about", "mean"),
    [
        (True, "x bool[]", 1.0),
        (7, "x int64[]", 7.0),
        (-0.5, "x float64[]", -0.5),
        (np.array([2, 2], dtype=np.uint8), "x uint8[2]", 2.0),
        (np.array([0.5], dtype=np.float32), "x float32[1]", 0.5),
        (np.zeros((0, 3)), "x float64[0, 3]", 0.0),
    ],
)
def test_a_number_is_named_with_its_type_and_shape(
    value: object, about: str, mean: float
):
    assert digest({"x": value}) == {about: pytest.approx([mean, abs(mean)], rel=1e-14)}


def test_numbers_in_lists_and_dictionaries_are_named_by_their_place():
    values = {"of": {"lr": [1, 2.5], 3: True}, "also": [np.arange(2.0)], "none": []}
    found = digest(values)
    assert list(found) == [
        "also[0] float64[2]",
        "of['lr'][0] int64[]",
        "of['lr'][1] float64[]",
        "of[3] bool[]",
    ]
    assert found["of['lr'][1] float64[]"] == pytest.approx([2.5, 2.5], rel=1e-14)


@pytest.mark.parametrize("value", ["text", None, np.array(["a"]), np.array([1j]), {1}])
def test_what_is_no_number_is_left_out(value: object):
    assert digest({"x": value, "y": [value]}) == {}
