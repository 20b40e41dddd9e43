"""What the README and docs say about the code is true of the code."""

import ast
import json
import re
from pathlib import Path

import pytest

from pipeline.cli import app
from pipeline.errors import BriefwrightError
from pipeline.page.ledger import ledger_schema

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MODULES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / "pipeline").rglob("*.py")
    if path.name != "__init__.py"
)


@pytest.mark.parametrize("module", MODULES)
def test_every_module_has_its_line_in_the_readme(module):
    summary = (ast.get_docstring(ast.parse((ROOT / module).read_text(encoding="utf-8"))) or "").split("\n")[0]
    assert f"- `{module.removeprefix('pipeline/')}`: {summary}" in README


def test_the_readme_lists_no_module_that_is_gone():
    listed = re.findall(r"^- `([a-z0-9_/]+\.py)`:", README, re.M)
    assert sorted(f"pipeline/{name}" for name in listed) == MODULES


def test_exit_codes_of_the_error_tree_stand_in_the_readme():
    for kind in BriefwrightError.__subclasses__():
        assert re.search(rf"^\| {kind.exit_code} \|", README, re.M), kind


def test_commands_of_the_readme_exist():
    names = {command.name for command in app.registered_commands} | {
        group.name for group in app.registered_groups
    }
    used = set(re.findall(r"briefwright ([a-z]+)", README))
    assert used <= {name for name in names if name}


def test_the_documented_ledger_schema_is_the_one_in_use():
    stored = json.loads((ROOT / "docs" / "page.schema.json").read_text(encoding="utf-8"))
    assert stored == json.loads(json.dumps(ledger_schema()))


def test_the_lock_names_no_host():
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert "://" not in lock and "--index-url" not in lock
    assert not (ROOT / "uv.lock").exists()
