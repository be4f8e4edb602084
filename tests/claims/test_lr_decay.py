"""The claims of docs/notes/lr-decay.md, held against its run."""


def test_cut_lowers(claim):
    claim.above(0, every_seed=True)


def test_cut_share(claim):
    claim.between(0.4, 1)


def test_drop_power(claim):
    claim.between(0.6, 1.1)


def test_power_falls(claim):
    claim.above(0)


def test_cut_beats(claim):
    claim.above(0, every_seed=True)


def test_low_rate(claim):
    claim.below(0)


def test_low_rate_later(claim):
    claim.above(0)


def test_step_gains(claim):
    claim.above(0)


def test_step_ahead(claim):
    claim.above(0)


def test_middle_leads(claim):
    claim.above(0)


def test_decay_costs(claim):
    claim.above(0, every_seed=True)
