"""The claims of docs/notes/cross-entropy.md, held against its run."""


def test_above_entropy(claim):
    claim.above(0, every_seed=True)


def test_below_overall(claim):
    claim.below(-0.3, every_seed=True)


def test_sharper_costs_more(claim):
    claim.above(1, every_seed=True)


def test_best_temperature(claim):
    claim.above(2, every_seed=True)


def test_averaged_temperature(claim):
    claim.between(0.8, 1.3)


def test_above_floor(claim):
    claim.above(0, every_seed=True)


def test_towards_floor(claim):
    claim.below(0.6, every_seed=True)


def test_temperature_falls(claim):
    claim.above(0.5, every_seed=True)


def test_below_floor(claim):
    claim.above(0.4, every_seed=True)


def test_widest_gap(claim):
    claim.between(65, 88)
