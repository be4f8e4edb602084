"""The claims of docs/notes/lr-trench.md, held against its run."""


def test_trench_right(claim):
    claim.above(4)


def test_recipe_agrees(claim):
    claim.in_at_least(10)


def test_both_sides_cost(claim):
    claim.above(1.3)


def test_trench_is_best(claim):
    claim.between(1, 2)


def test_suggestions_low(claim):
    claim.above(2.5)


def test_valley_costs(claim):
    claim.above(1.1)


def test_tenth_costs(claim):
    claim.above(1.1)


def test_tenth_of_a_short_sweep(claim):
    claim.between(0.5, 2.5)


def test_start_tolerates(claim):
    claim.in_at_least(12)


def test_limit_holds(claim):
    claim.in_at_least(5)


def test_edge_falls(claim):
    claim.below(0.95)


def test_edge_hovers(claim):
    claim.in_at_least(4)


def test_trench_under_limit(claim):
    claim.above(2)


def test_twins_below(claim):
    claim.below(1e-10, every_seed=True)


def test_twins_in_the_trench(claim):
    claim.above(1.05)


def test_twins_beyond(claim):
    claim.above(2.5)


def test_twins_part(claim):
    claim.between(0.8, 1.2)


def test_beyond_still_learns(claim):
    claim.below(0.5, every_seed=True)
