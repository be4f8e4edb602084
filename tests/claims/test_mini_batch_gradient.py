"""The claims of docs/notes/mini-batch-gradient.md, held against its run."""


def test_far_gradient(claim):
    claim.above(1, every_seed=True)


def test_error_over_prediction(claim):
    claim.between(0.97, 1.03)


def test_error_slope(claim):
    claim.between(-0.52, -0.48)


def test_noise_growth(claim):
    claim.above(4)


def test_keeps_up(claim):
    claim.between(-5, 5, every_seed=True)


def test_averaging(claim):
    claim.between(3, 5.7)


def test_not_in_place(claim):
    claim.above(0.5, every_seed=True)


def test_too_fast(claim):
    claim.below(0.5)


def test_hyperbola_miss(claim):
    claim.below(10)


def test_full_steps(claim):
    claim.between(0.75, 1.25)


def test_critical_batch(claim):
    claim.between(100, 200)


def test_noise_over_critical(claim):
    claim.between(0.67, 1.5)


def test_slow_noise(claim):
    claim.above(1.5)
