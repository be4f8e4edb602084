"""The claims of docs/notes/reproducible-init.md, held against its run."""


def test_own_cell_goes_on(claim):
    claim.above(0, every_seed=True)


def test_five_runs_are_one(claim):
    claim.between(-1e-12, 1e-12, every_seed=True)


def test_same_cell_starts_again(claim):
    claim.below(1e-12, every_seed=True)


def test_untrained_in_memory(claim):
    claim.above(10, every_seed=True)


def test_seeded_batches_fall_too(claim):
    claim.above(0, every_seed=True)


def test_seeded_batches_fall_behind(claim):
    claim.above(0.3, every_seed=True)


def test_seeded_batches_by_heart(claim):
    claim.above(1, every_seed=True)


def test_same_start_shows_rate(claim):
    claim.above(0)


def test_other_start_hides_rate(claim):
    claim.above(1.5)
