"""The reader's own process: `python -m pipeline.sources.reading FILE NAME` prints one document as JSON.

A hostile file harms this process alone: memory and processor time are limited, nothing is written but the answer.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pipeline.errors import SourceError
from pipeline.sources.reading.blocks import Composed, compose
from pipeline.sources.reading.forms import read_blocks

MEMORY_BYTES = 2 * 2**30
PROCESSOR_S = 120
MOST_BLOCKS = 200_000
"""The policy manual has 2,346; a text made of as many lines as it has letters would weigh on whoever asked for it."""


def main() -> None:
    """Read the file named on the command line; a refusal is an answer too."""
    _limit()
    path, name = Path(sys.argv[1]), sys.argv[2]
    try:
        blocks, pages = read_blocks(path, name=name)
        if len(blocks) > MOST_BLOCKS:
            raise SourceError(
                f"{name} falls into {len(blocks):,} pieces, more than {MOST_BLOCKS:,}; split it and add the parts"
            )
        answer = _answer(compose(blocks, pages=pages))
    except SourceError as error:
        answer = {"refused": str(error)}
    except (MemoryError, RecursionError) as error:
        answer = {
            "refused": f"{name} needs more memory than a document may ({type(error).__name__}); split it"
        }
    sys.stdout.write(json.dumps(answer, ensure_ascii=True))


def _answer(composed: Composed) -> dict[str, object]:
    return {"text": composed.text, "page_starts": composed.page_starts, "blocks": composed.blocks}


def _limit() -> None:
    try:
        import resource
    except ImportError:  # not on Windows: there the time limit of the parent alone holds
        return
    for what, most in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CPU, PROCESSOR_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        resource.setrlimit(what, (most if hard < 0 else min(most, hard), hard))


if __name__ == "__main__":
    main()
