"""A YAML file as plain data, with the line of every key.

Every scalar stays the text that stands in the file, so `no` is not False, `010` is not 8 and
`0.1` is exact; the shapes say what a text must be. Anchors, aliases and tags are refused: a
declaration needs none, and a few lines of them can unfold to gigabytes.
"""

from __future__ import annotations

from typing import Any

import yaml

from forms.faults import BadDeclaration, Fault

Path = tuple[str | int, ...]

#: libyaml's loader is some ten times faster; where it was not built, the Python one reads alike.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: The largest form known is some 20 kB; more is a mistake or an attack.
LARGEST = 512 * 1024
_DEEPEST = 24

#: Keys that name an item of a list, so that a fault can say `rules.ky_truoc`.
_NAMING = ("id", "key", "code", "header", "from")


class Document:
    """The data of one file, and what is found wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.data: Any = None
        self.faults: list[Fault] = []
        self._lines: dict[Path, int] = {(): 1}
        self._names: dict[Path, str] = {}
        self._misshapen: set[Path] = set()

    def blame(self, path: Path, problem: str, expected: str, *, shape: bool = False) -> None:
        """Note a fault. Where the shape is already wrong, nothing more is said about the inside."""
        if shape:
            self._misshapen.add(path)
        elif self.is_misshapen(path):
            return
        self.faults.append(Fault(self.file, self.line(path), self.key(path), problem, expected))

    def is_misshapen(self, path: Path) -> bool:
        """Whether the key, or what it stands in, already has the wrong shape."""
        return any(path[:length] in self._misshapen for length in range(1, len(path) + 1))

    def line(self, path: Path) -> int:
        """The line of a key, or of what it would stand in."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def key(self, path: Path) -> str:
        """The way to a key in words; items of lists go by their own names."""
        parts = [
            self._names.get(path[: index + 1], str(part + 1 if isinstance(part, int) else part))
            for index, part in enumerate(path)
        ]
        # A column goes by its id, however many headers it stands under.
        nested = [index for index, part in enumerate(path) if part == "columns"]
        if len(nested) > 1:
            del parts[nested[0] : nested[-1]]
        return ".".join(parts) or "file"

    def keep(self, path: Path, node: yaml.Node) -> None:
        """Remember on which line a key stands."""
        self._lines[path] = node.start_mark.line + 1

    def name(self, path: Path, item: object) -> None:
        """Remember what an item of a list calls itself."""
        if isinstance(item, dict):
            for key in _NAMING:
                if isinstance(item.get(key), str):
                    self._names[path] = item[key]
                    return


def read_yaml(text: str, *, file: str) -> Document:
    """The file as data. Raises BadDeclaration if it is no plain YAML mapping."""
    document = Document(file)
    if len(text) > LARGEST:
        document.blame((), f"has {len(text)} characters", f"at most {LARGEST}")
        raise BadDeclaration(document.faults)
    try:
        _refuse_tricks(text, document)
        root = None if document.faults else yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        raise BadDeclaration([_syntax_fault(file, error)]) from None
    if document.faults:
        raise BadDeclaration(document.faults)
    if not isinstance(root, yaml.MappingNode):
        document.blame((), "is not a mapping", "keys and values, such as form: 01/TCD")
        raise BadDeclaration(document.faults)
    document.data = _plain(root, (), document)
    return document


def read_bytes(content: bytes, *, file: str) -> Document:
    """The file as data, from its bytes. Raises BadDeclaration."""
    try:
        return read_yaml(content.decode("utf-8-sig"), file=file)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise BadDeclaration([Fault(file, line, "file", "is not UTF-8", "text in UTF-8")]) from None


def _refuse_tricks(text: str, document: Document) -> None:
    """Look at the bare events first: they cost no memory, however a file is meant."""
    depth = 0
    documents = 0
    events: Any = yaml.parse(text, Loader=_LOADER)  # The stubs leave out most of an event.
    for event in events:
        line = event.start_mark.line + 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            problem, expected = "has an anchor or alias (& or *)", "the value itself"
        elif getattr(event, "tag", None):
            problem, expected = f"has the tag {event.tag}", "no tags"
        elif depth > _DEEPEST:
            problem, expected = "is nested too deep", f"at most {_DEEPEST} levels"
        elif documents > 1:
            problem, expected = "has a second document (---)", "one document"
        else:
            continue
        document.faults.append(Fault(document.file, line, "file", problem, expected))
        if depth > _DEEPEST or documents > 1:
            return


def _syntax_fault(file: str, error: yaml.YAMLError) -> Fault:
    mark = getattr(error, "problem_mark", None)
    problem = str(getattr(error, "problem", None) or error).splitlines()[0]
    return Fault(file, mark.line + 1 if mark else 1, "file", f"is not YAML ({problem})", "YAML")


def _plain(node: yaml.Node, path: Path, document: Document) -> Any:
    if isinstance(node, yaml.MappingNode):
        return _plain_mapping(node, path, document)
    if isinstance(node, yaml.SequenceNode):
        items = []
        for index, child in enumerate(node.value):
            document.keep((*path, index), child)
            items.append(_plain(child, (*path, index), document))
            document.name((*path, index), items[-1])
        return items
    return None if node.tag == "tag:yaml.org,2002:null" else node.value


def _plain_mapping(node: yaml.MappingNode, path: Path, document: Document) -> dict[str, Any]:
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        if not isinstance(key_node, yaml.ScalarNode):
            document.blame(path, "has a key that is no text", "plain keys")
            continue
        at = (*path, key_node.value)
        if key_node.value in data:
            line = key_node.start_mark.line + 1
            problem = f"stands a second time (first on line {document.line(at)})"
            document.faults.append(
                Fault(document.file, line, document.key(at), problem, "each key once")
            )
            continue
        document.keep(at, key_node)
        data[key_node.value] = _plain(value_node, at, document)
    return data
