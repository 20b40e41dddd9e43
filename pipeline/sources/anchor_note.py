"""Editorial aid: print the `anchor:` lines for a quote, for pasting into a note's front matter.

python -m pipeline.sources.anchor_note manual.pdf 23 "words as they stand on that page"
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

from pipeline.sources.anchors import make_anchor
from pipeline.sources.pdf import read_pages


def main() -> None:
    """Print the anchor of one quote; exits with a message when it is absent or ambiguous."""
    path, page, quote = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    data = path.read_bytes()
    try:
        anchor = make_anchor(hashlib.sha256(data).hexdigest(), read_pages(data, name=path.name), page, quote)
    except ValueError as error:
        sys.exit(str(error))
    print("anchor:")
    for name, value in anchor.model_dump().items():
        print(f"  {name}: {value}")


if __name__ == "__main__":
    main()
