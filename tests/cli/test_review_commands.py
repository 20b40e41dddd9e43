"""`regenerate` again, `diff` and `review` as a user meets them."""

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import with_index
from tests.cli.processes import run

CODE = "29881"


@pytest.fixture(scope="module")
def made(tmp_path_factory, index_made):
    folder = with_index(tmp_path_factory.mktemp("home"), index_made)
    done = run(folder, "regenerate", CODE, "20610")
    assert done.returncode == 0, done.stderr
    assert run(folder, "regenerate", CODE, "--as-of", "2025-11-03").returncode == 0
    return folder


def files(home):
    return {path: path.read_bytes() for path in home.rglob("*") if path.is_file() and "lock" not in path.name}


def test_nothing_changed_nothing_done_and_it_says_so(made):
    before = files(made)
    again = run(made, "regenerate", CODE, "20610")
    assert again.stdout == "2 pages unchanged: no input differs, nothing was done (--force makes them anew)\n"
    single = run(made, "regenerate", CODE)
    assert "open: " in single.stdout and "1 page unchanged" in single.stdout
    assert (
        "0 of 2 pages would be made anew; 2 unchanged"
        in run(made, "regenerate", "--stale", "--dry-run").stdout
    )
    assert files(made) == before
    forced = run(made, "regenerate", CODE, "20610", "--force")
    assert "unchanged" not in forced.stdout and files(made) == before


def test_a_dry_run_says_what_would_be_made_and_why_and_makes_nothing(made):
    done = run(made, "regenerate", CODE, "27447", "--dry-run")
    assert (
        "27447  there is no candidate yet" in done.stdout and "1 of 2 pages would be made anew" in done.stdout
    )
    assert not (made / "candidates" / "27447").exists()
    (line,) = run(made, "regenerate", CODE, "--dry-run", "--json").stdout.splitlines()
    assert json.loads(line) == {"hcpcs_code": CODE, "state": "current", "changes": []}


def test_stale_needs_a_candidate(tmp_path):
    done = run(tmp_path, "regenerate", "--stale")
    assert done.returncode == 2 and "there is no candidate yet" in done.stderr


def test_diff_in_the_terminal_as_a_file_and_in_json(made, tmp_path):
    said = run(made, "diff", CODE, "2025-11-03", "candidate")
    assert said.returncode == 0 and "figure changed" in said.stdout
    assert "because: release RVU25D → RVU26D" in said.stdout and "\x1b" not in said.stdout
    page = tmp_path / "redline.html"
    wrote = run(made, "diff", CODE, "2025-11-03", "candidate", "--html", str(page))
    assert wrote.returncode == 0 and wrote.stdout == ""
    assert "<del>" in page.read_text(encoding="utf-8")
    found = json.loads(run(made, "diff", CODE, "2025-11-03", "candidate", "--json").stdout)
    assert {"changes", "unchanged", "others", "old_sha256", "new_sha256"} <= found.keys()
    assert "No changes." in run(made, "diff", CODE, "1", "candidate").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("diff", "27447"), "there is no candidate page of 27447"),
        (("diff", CODE, "1"), "name two revisions"),
        (("diff", CODE, "99", "candidate"), "names no revision"),
        (("diff", CODE, "2024-01-01", "candidate"), "no page of 29881 for 2024-01-01"),
        (("review", "export", "27447"), "there is no candidate page of 27447"),
        (("review", "import", "README.md", "--reviewer", "A"), "is no TOML file"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(made, arguments, says):
    done = run(made, *arguments)
    assert done.returncode == 2 and says in done.stderr and "Traceback" not in done.stderr


def test_a_review_through_files(home, index_made, tmp_path):
    """Of a code that is in no starter set, and so never published from here."""
    own = tmp_path / "home"
    with_index(Path(shutil.copytree(home, own)), index_made)
    assert run(own, "regenerate", "20001").returncode == 0
    out = run(own, "review", "export", "20001", "--to", str(tmp_path))
    assert out.returncode == 0 and "edit this, then" in out.stdout
    path = tmp_path / "decisions.toml"
    path.write_text(path.read_text().replace('decision = ""', 'decision = "accept"'))
    nameless = run(own, "review", "import", str(path))
    assert nameless.returncode == 2 and "--reviewer" in nameless.stderr
    taken = run(own, "review", "import", str(path), "--reviewer", "A. Coder")
    assert taken.returncode == 0 and "decisions recorded" in taken.stdout
    assert "20001  approved" in taken.stdout
    (line,) = run(own, "review", "status", "--json").stdout.splitlines()
    assert json.loads(line)["state"] == "approved"
