"""The project's own suites from one command: gold claims here, mutations by a process of their own."""

from pathlib import Path

import pytest

from pipeline.errors import SourceError
from pipeline.evaluate.gold_claims import load_gold_claims
from pipeline.evaluate.mutations import MutationReport
from pipeline.evaluate.own_suites import measure_own, own_lines
from pipeline.settings import Settings, read_settings
from pipeline.workspace import Workspace

ROOT = read_settings().root
REPORT = MutationReport(pairs=3, checker="rules-x", scores=(), missed=(), rejected=())


def checkout(folder: Path, main: str) -> Workspace:
    """A workspace in a checkout whose mutation suite is the program `main`, with three gold claims."""
    suites = folder / "evals" / "verification"
    (suites / "gold").mkdir(parents=True)
    gold = load_gold_claims(ROOT / "evals" / "verification" / "gold")[:3]
    lines = "\n".join(claim.model_dump_json() for claim in gold)
    (suites / "gold" / "some.jsonl").write_text(lines, encoding="utf-8")
    (suites / "__init__.py").touch()
    (suites.parent / "__init__.py").touch()  # else one found elsewhere comes first
    (suites / "__main__.py").write_text(main, encoding="utf-8")
    (folder / "sources").symlink_to(ROOT / "sources")
    return Workspace(Settings(root=folder, home=folder / "home"))


def test_both_are_run_and_shown(tmp_path):
    main = (
        f"import sys; assert sys.argv[1:] == ['mutations', '--json']; print('''{REPORT.model_dump_json()}''')"
    )
    report = measure_own(checkout(tmp_path, main))
    assert report.mutations == REPORT and sum(report.gold.counts.values()) == 3
    lines = "\n".join(own_lines(report))
    assert "held part" in lines and "3 mutated claims, rules-x" in lines


@pytest.mark.parametrize("main", ["import sys; sys.exit(3)", "print('{}')", "print('no report')"])
def test_a_suite_that_breaks_off_is_told_of(tmp_path, main):
    with pytest.raises(SourceError, match="the mutation suite broke off"):
        measure_own(checkout(tmp_path, main))


def test_without_a_checkout_there_are_none(tmp_path):
    with pytest.raises(SourceError, match="--data"):
        measure_own(Workspace(Settings(root=tmp_path, home=tmp_path / "home")))
