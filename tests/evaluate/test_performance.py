import json
import sys
from types import SimpleNamespace

import pytest

from evals.performance.__main__ import main
from evals.performance.caches import forget
from evals.performance.quotes_bench import invented_chapter
from pipeline.verify.quotes import normalise_quote
from pipeline.verify.reading import vocabulary


def test_figures_are_printed_for_people_and_for_machines(monkeypatch, capsys):
    bench = SimpleNamespace(run=lambda: [("claims a second", "1,653"), ("a page", "0.11 s")])
    monkeypatch.setitem(sys.modules, "evals.performance.verify_bench", bench)
    monkeypatch.setattr(sys, "argv", ["performance", "verify"])
    main()
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["verify", "verify"]
    monkeypatch.setattr(sys, "argv", ["performance", "verify", "--json"])
    main()
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == {"benchmark": "verify", "what": "claims a second", "figure": "1,653"}
    assert second["what"] == "a page"


def test_a_benchmark_that_is_none_is_refused(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["performance", "verfy"])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert "no benchmark is called verfy" in capsys.readouterr().err


def test_invented_chapter_is_the_same_for_the_same_seed():
    chapter = invented_chapter(5_000, seed=3)
    assert len(chapter) == 5_000
    assert chapter == invented_chapter(5_000, seed=3) != invented_chapter(5_000, seed=4)


def test_what_was_remembered_is_forgotten_but_for_data_files():
    normalise_quote("some words")
    words = vocabulary()
    forget()
    assert normalise_quote.cache_info().currsize == 0
    assert vocabulary() is words
