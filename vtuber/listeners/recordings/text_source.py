"""The text of a file, piece by piece: plain or compressed with gzip, in UTF-8 or UTF-16."""

from __future__ import annotations

import codecs
import gzip
import zlib
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from vtuber.core import files

HEAD = 1 << 16
"""Characters that are looked at before reading begins."""
_BYTES = 1 << 18
_GZIP = b"\x1f\x8b"


class _Members(gzip.GzipFile):
    """What was packed; before a cut or a damage, all that can be unpacked."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(fileobj=file)

    def read(self, size: int | None = -1) -> bytes:
        return self.read1(size or -1)


class TextSource:
    """Reads a file from its beginning to its end, once. What is no text becomes U+FFFD."""

    def __init__(self, path: Path) -> None:
        """Raises OSError."""
        self._file = files.open_regular(path)
        try:
            packed = self._file.read(2) == _GZIP
            self._file.seek(0)
            self._unpacked: BinaryIO | _Members = _Members(self._file) if packed else self._file
            self.trouble = ""
            """Why there is no more to read, where the file does not end by itself."""
            self._at_end = False
            start = b""
            while len(start) < 4 and (more := self._bytes()):
                start += more
            # PowerShell's ">" writes UTF-16.
            wide = start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
            self._decoder = codecs.getincrementaldecoder("utf-16" if wide else "utf-8-sig")("replace")
            self.head = self._decoder.decode(start)
            """The first of its characters; ``read`` gives them again."""
            while len(self.head) < HEAD and (text := self._text()):
                self.head += text
        except BaseException:
            self._file.close()
            raise
        self._ahead = self.head

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def read(self, size: int) -> str:
        """The next characters, so many; fewer at the end, and "" behind it. Raises OSError."""
        pieces, length = [self._ahead], len(self._ahead)
        while length < size and (piece := self._text()):
            pieces.append(piece)
            length += len(piece)
        text = "".join(pieces)
        self._ahead = text[size:]
        return text[:size]

    def _text(self) -> str:
        """The next characters; "" at the end."""
        text = ""
        while not text and not self._at_end:
            more = self._bytes()
            self._at_end = not more
            text = self._decoder.decode(more, final=not more)
        return text

    def _bytes(self) -> bytes:
        try:
            return self._unpacked.read(_BYTES)
        except EOFError:
            self.trouble = "the file is cut off behind it"
        except (gzip.BadGzipFile, zlib.error):
            self.trouble = "the file is damaged behind it"
        return b""
