"""Ways to damage a table file, chosen by a seeded generator."""

from collections.abc import Callable
from random import Random

from tests.facts.readers.samples import Sample, Value

_HOSTILE: tuple[str, ...] = (
    *(
        "",
        " ",
        "NA",
        "nan",
        "inf",
        "1e309",
        "-1",
        "0",
        "00000000",
        "99999999",
        "20180230",
        "2024367",
        "2023366",
    ),
    *(
        "*",
        ".",
        "$",
        "%",
        "=1+1",
        "HCPCS",
        "Column 1",
        "26",
        "X9901",
        "CPT copyright",
        "²",
        "٣",
        "１２",
        "\u2028",
    ),
    *("\x85", "\x1c", "\x1f", "é", "\ufeff", "a b", "0.10", "1.005", "9" * 400, "9" * 5000, "A" * 120_000),
)
_BYTES = (
    b'"',
    b'""',
    b"\0",
    b"\r",
    b"\n",
    b"\r\n",
    b"\t",
    b",",
    b"\x1a",
    b"\xff",
    b"\xef\xbb\xbf",
    b"\xc3",
    b"\x1f",
)
Lines = list[bytes]


def damaged(sample: Sample, random: Random) -> bytes | tuple[tuple[Value, ...], ...]:
    """The sample's content after one to three changes."""
    if isinstance(sample.content, bytes):
        content = sample.content
        for _ in range(random.randint(1, 3)):
            content = random.choice(_OF_TEXT)(content, random)
        return content
    rows = [list(row) for row in sample.content]
    for _ in range(random.randint(1, 3)):
        random.choice(_OF_ROWS)(rows, random)
    return tuple(tuple(row) for row in rows)


def flipped(content: bytes, random: Random) -> bytes:
    """One bit changed in one to eight bytes."""
    changed = bytearray(content)
    for _ in range(random.randint(1, 8) if changed else 0):
        changed[random.randrange(len(changed))] ^= 1 << random.randrange(8)
    return bytes(changed)


def truncated(content: bytes, random: Random) -> bytes:
    """The end cut off."""
    return content[: random.randint(0, len(content))]


def _inserted(content: bytes, random: Random) -> bytes:
    for _ in range(random.randint(1, 2)):
        place = random.randint(0, len(content))
        content = content[:place] + random.choice(_BYTES) + content[place:]
    return content


def _of_lines(change: Callable[[Lines, Random], None]) -> Callable[[bytes, Random], bytes]:
    def changed(content: bytes, random: Random) -> bytes:
        lines = content.splitlines(keepends=True)
        if lines:
            change(lines, random)
        return b"".join(lines)

    return changed


def _delete(lines: list, random: Random) -> None:
    del lines[random.randrange(len(lines))]


def _repeat(lines: list, random: Random) -> None:
    lines.insert(random.randrange(len(lines)), random.choice(lines))


def _exchange(lines: list, random: Random) -> None:
    one, other = random.randrange(len(lines)), random.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def _multiply(lines: list, random: Random) -> None:
    place = random.randrange(len(lines))
    lines[place:place] = [lines[place]] * random.choice((2, 70))


def _cells(
    change: Callable[[list[bytes], Random], None], *, all_lines: bool = False
) -> Callable[[Lines, Random], None]:
    def changed(lines: Lines, random: Random) -> None:
        delimiter = b"\t" if any(b"\t" in line for line in lines) else b","
        state = random.getstate()
        for place in range(len(lines)) if all_lines else [random.randrange(len(lines))]:
            if all_lines:
                random.setstate(state)
            cells = lines[place].split(delimiter)
            change(cells, random)
            lines[place] = delimiter.join(cells)

    return changed


def _replace(cells: list, random: Random) -> None:
    cells[random.randrange(len(cells))] = random.choice(_HOSTILE).encode("utf-8")


def _quote(lines: Lines, random: Random) -> None:
    """One quotation mark before a cell, and one behind a cell of the same or a later line."""
    delimiter = b"\t" if any(b"\t" in line for line in lines) else b","
    first = random.randrange(len(lines))
    second = random.randrange(first, min(first + 4, len(lines)))
    cells = lines[first].split(delimiter)
    place = random.choice((random.randrange(len(cells)), len(cells) - 1))
    cells[place] = b'"' + cells[place]
    lines[first] = delimiter.join(cells)
    text = lines[second].rstrip(b"\r\n")
    end = lines[second][len(text) :]
    cells = text.split(delimiter)
    cells[random.choice((random.randrange(len(cells)), len(cells) - 1))] += b'"'
    lines[second] = delimiter.join(cells) + end


def _ends(content: bytes, random: Random) -> bytes:
    return content.replace(
        b"\r\n", random.choice((b"\n", b"\r", b"\r\r\n", b"\n\n", b" \r\n", b",\r\n", b"\n\r"))
    )


def _other_encoding(content: bytes, random: Random) -> bytes:
    return content.decode("utf-8", "replace").encode(
        random.choice(("utf-16", "utf-16-le", "utf-8-sig", "utf-32"))
    )


_OF_TEXT: tuple[Callable[[bytes, Random], bytes], ...] = (
    *(flipped, truncated, _inserted, _inserted, _ends, _other_encoding),
    *map(_of_lines, (_delete, _repeat, _exchange, _multiply, _quote, _quote)),
    *(_of_lines(_cells(change)) for change in (_replace, _replace, _replace, _delete, _repeat, _exchange)),
    *(_of_lines(_cells(change, all_lines=True)) for change in (_exchange, _delete, _repeat)),
)


def _in_row(change: Callable[[list, Random], None]) -> Callable[[list[list[Value]], Random], None]:
    def changed(rows: list[list[Value]], random: Random) -> None:
        if rows and (row := random.choice(rows)):
            change(row, random)

    return changed


def _in_all_rows(change: Callable[[list, Random], None]) -> Callable[[list[list[Value]], Random], None]:
    def changed(rows: list[list[Value]], random: Random) -> None:
        state = random.getstate()
        for row in rows:
            random.setstate(state)
            if row:
                change(row, random)

    return changed


def _set(row: list[Value], random: Random) -> None:
    numbers: tuple[Value, ...] = (
        0,
        -1,
        0.1,
        1e300,
        -0.0,
        20970,
        43831.5,
        33.123399999999997,
        2**63,
        "line\nbreak",
        "\ttab",
    )
    row[random.randrange(len(row))] = random.choice((*numbers, *_HOSTILE))


def _if_any(change: Callable[[list, Random], None]) -> Callable[[list[list[Value]], Random], None]:
    return lambda rows, random: change(rows, random) if rows else None


_OF_ROWS: tuple[Callable[[list[list[Value]], Random], None], ...] = (
    *map(_if_any, (_delete, _repeat, _exchange, _multiply)),
    *map(_in_row, (_set, _set, _set, _delete, _repeat, _exchange)),
    *map(_in_all_rows, (_exchange, _delete, _repeat)),
)
