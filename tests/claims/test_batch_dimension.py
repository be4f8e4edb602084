"""The claims of docs/notes/batch-dimension.md, held against its run."""


def test_single_passes(claim):
    claim.below(1e-11, every_seed=True)


def test_batch_norm_mixes(claim):
    claim.above(0.05, every_seed=True)


def test_mean_of_gradients(claim):
    claim.below(1e-12, every_seed=True)


def test_dim_0_looks_right(claim):
    claim.below(2)


def test_no_keepdim_right_on_average(claim):
    claim.between(-0.2, 0.2)


def test_dim_0_shows_learning(claim):
    claim.above(5, every_seed=True)


def test_dim_0_harm(claim):
    claim.above(2, every_seed=True)


def test_no_keepdim_harm(claim):
    claim.above(0.3, every_seed=True)
