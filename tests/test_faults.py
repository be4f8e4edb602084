"""The mistakes that `make faults` plants can be planted."""

import shutil
from pathlib import Path

import pytest

from publish.check import faults
from publish.check.faults import Fault
from publish.project import ROOT

FAULTS = faults.read_faults()


def test_there_are_sixty_faults_of_every_kind():
    kinds = {fault.kind for fault in FAULTS}
    assert len(FAULTS) >= 60
    assert len(kinds) >= 15, kinds
    assert len({fault.what for fault in FAULTS}) == len(FAULTS), "one is there twice"


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_can_be_planted(fault: Fault, tmp_path: Path):
    for name in filter(None, (fault.file, fault.copy)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / name)
    before = (tmp_path / fault.file).read_bytes()
    fault.plant(tmp_path)
    assert (tmp_path / fault.file).read_bytes() != before
    fault.mend(tmp_path)
    assert (tmp_path / fault.file).read_bytes() == before
    assert fault.why


# Tests that check more than what is published: only they can see a mistake whose
# results were published.
OF_TRUTH = ("tests/facts/", "tests/test_bounds.py", "tests/test_prose.py")


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.what)
def test_a_fault_names_the_test_that_sees_it(fault: Fault):
    files = OF_TRUTH if fault.accepted else ("tests/", "docs/", "README.md")
    assert fault.test.startswith(files)
    assert (ROOT / fault.test.partition("::")[0]).exists()
