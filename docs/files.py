"""Write the README's list of files from the first line of each module's docstring: `python docs/files.py`."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Replace the lines between the two marks in README.md."""
    lines = []
    for path in sorted((ROOT / "pipeline").rglob("*.py")):
        if path.name != "__init__.py":
            summary = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
            lines.append(f"- `{path.relative_to(ROOT / 'pipeline').as_posix()}`: {summary}")
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    listed = "<!-- files -->\n" + "\n".join(lines) + "\n<!-- /files -->"
    readme.write_text(
        re.sub(r"<!-- files -->.*<!-- /files -->", lambda _: listed, text, flags=re.S), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
