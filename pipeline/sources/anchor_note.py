"""Editorial aid: print the `anchor:` lines for a quote, for pasting into a note's front matter.

python -m pipeline.sources.anchor_note manual.pdf 23 "words as they stand on that page"
"""

from __future__ import annotations

import sys
from pathlib import Path

from pipeline.data import Anchor
from pipeline.data.sources import page_texts
from pipeline.errors import SourceError
from pipeline.sources.anchors import make_anchor
from pipeline.sources.documents import hash_file
from pipeline.sources.reading.apart import read_apart


def anchor_lines(anchor: Anchor) -> list[str]:
    """The lines of front matter that hold an anchor."""
    return [
        "anchor:",
        *(
            f'  {name}: "{value}"' if name in ("opening", "digest") else f"  {name}: {value}"
            for name, value in anchor
        ),
    ]


def main() -> None:
    """Print the anchor of one quote; exits with a message when it is absent or ambiguous."""
    path, page, quote = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    try:
        composed = read_apart(path)
        pages = page_texts(composed.text, composed.page_starts)
        anchor = make_anchor(hash_file(path), pages, page, quote)
    except (SourceError, ValueError) as error:
        sys.exit(str(error))
    print("\n".join(anchor_lines(anchor)))


if __name__ == "__main__":
    main()
