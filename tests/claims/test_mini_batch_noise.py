"""The claims of docs/notes/mini-batch-noise.md, held against its run."""


def test_trend_falls(claim):
    claim.above(0, every_seed=True)


def test_later_half(claim):
    claim.between(0.4, 0.6)


def test_early_trend(claim):
    claim.below(0.4)


def test_full_set_falls(claim):
    claim.above(0, every_seed=True)


def test_same_batch(claim):
    claim.above(0.95, every_seed=True)


def test_given_back(claim):
    claim.between(0.9, 1.1)


def test_held_slope(claim):
    claim.between(-0.52, -0.48)


def test_held_ratio(claim):
    claim.between(0.95, 1.05)


def test_moving_slope(claim):
    claim.between(-0.65, -0.35)


def test_none_twice(claim):
    claim.between(0.9, 1.1)


def test_small_climbs(claim):
    claim.above(0, every_seed=True)
