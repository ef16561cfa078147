"""Writing a zip file by file: the same bytes from the same contents, and a list of their hashes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from reporting.services.deliveries import safe_file_name

MANIFEST = "MANIFEST.json"
#: The first day that a zip can name: dates of files would make other bytes each time.
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o644 << 16
_LONGEST_PART = 60


def safe_part(text: str, fallback: str = "file") -> str:
    """One part of a path inside the zip: no way out of the folder, and fit for every disk.

    The end is kept, since it says what kind of file it is.
    """
    safe = safe_file_name(text.replace("/", "-"), fallback)
    return safe[-_LONGEST_PART:].lstrip(" .") or fallback


class ZipWriting:
    """A zip that is being written. Every name is given once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self.contents: list[dict[str, Any]] = []

    def put(self, name: str, content: bytes) -> None:
        """Add a file."""
        self.put_parts(name, (content,))

    def put_parts(self, name: str, parts: Iterable[bytes]) -> None:
        """Add a file piece by piece, none of which is kept in memory."""
        info = ZipInfo(name, _DATE)
        info.compress_type, info.create_system, info.external_attr = ZIP_DEFLATED, _UNIX, _MODE
        digest, size = sha256(), 0
        # Its size is not known before it is written, and may be more than 2 GiB.
        with self._zip.open(info, "w", force_zip64=True) as file:
            for part in parts:
                digest.update(part)
                size += len(part)
                file.write(part)
        self.contents.append({"name": name, "bytes": size, "sha256": digest.hexdigest()})

    def put_json(self, name: str, value: Any) -> None:
        """Add a value as JSON that people can read."""
        self.put(name, readable_json(value))

    def close(self, about: dict[str, Any]) -> None:
        """Write the manifest, which names every other file, and end the zip."""
        self.put_json(MANIFEST, about | {"files": list(self.contents)})
        self._zip.close()


def one_line_json(value: Any) -> bytes:
    """JSON on one line, for files with a line for each thing."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text.encode("utf-8", "replace") + b"\n"


def readable_json(value: Any) -> bytes:
    """JSON with Vietnamese as it is written, in a fixed order."""
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    # What came from outside may hold half a character, which UTF-8 cannot write.
    return text.encode("utf-8", "replace") + b"\n"
