"""The code that a title names, where the claims do not."""

import pytest

from pipeline.verify import read_claims
from pipeline.verify.titles import untold_code

SAID = "It has 43.47 work RVUs. It is paid in a facility."


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("a.html", f"<title>20970, fees</title><body><header><h1>20970</h1></header><p>{SAID}</p>", "20970"),
        ("a.html", f"<title>20970</title><body><h1>Bone grafts</h1><p>{SAID}</p>", "20970"),
        ("a.md", f"# About 20970\n\n{SAID}\n", "20970"),
        ("a.txt", f"20970\n\n{SAID}\n", "20970"),
        # two codes, none, claims that name theirs, a first line that is a paragraph, no title
        ("a.md", f"# 20970 and 20969\n\n{SAID}\n", ""),
        ("a.md", f"## 20970\n\n{SAID}\n", ""),
        ("a.md", "# 20970\n\n20970 has 43.47 work RVUs.\n", ""),
        ("a.txt", f"20970 {'is a code ' * 12}\n\n{SAID}\n", ""),
        ("a.jsonl", '{"id": "20970", "claim": "It is so."}\n', ""),
        ("a.html", "<title>20970</title>", ""),
    ],
)
def test_a_title_that_names_one_code(tmp_path, name, text, code):
    path = tmp_path / name
    path.write_text(text)
    assert untold_code(path, read_claims(path)) == code
