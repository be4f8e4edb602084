"""The claims of docs/notes/mle-loss.md, held against its run."""


def test_mean_estimates(claim):
    claim.between(0.95, 1.05)


def test_log_teaches(claim):
    claim.above(0.1, every_seed=True)


def test_three_make_half(claim):
    claim.between(0.4, 0.5)


def test_three_before_training(claim):
    claim.below(0.25, every_seed=True)


def test_never_below(claim):
    claim.above(0, every_seed=True)


def test_unigram_arrives(claim):
    claim.below(100, every_seed=True)


def test_unigram_exponent(claim):
    claim.below(-2, every_seed=True)


def test_bigram_exponent(claim):
    claim.between(-1.1, -0.9, every_seed=True)


def test_bigram_theory(claim):
    claim.between(0.95, 1.05, every_seed=True)


def test_rare_rows_last(claim):
    claim.above(0.01, every_seed=True)


def test_network_above_bigram(claim):
    claim.above(0.5, every_seed=True)


def test_network_below_bigram(claim):
    claim.below(0)


def test_new_names(claim):
    claim.above(0.02)
