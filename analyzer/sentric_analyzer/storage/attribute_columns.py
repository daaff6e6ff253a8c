"""The attributes of many things at once, in columns: as ClickHouse maps of text, with the type of each value beside.

A `Map(LowCardinality(String), String)` holds text only. Any other value is written as the Collector's exporter
writes it (numbers, booleans, lists and maps as JSON, bytes in base64, nothing for no value), and its type's number
stands at the same place of a column beside the map, so that it can be read back as it was.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import islice
from typing import Any, Self, cast

from opentelemetry.proto.common.v1.common_pb2 import ArrayValue, KeyValueList

from sentric.redaction import Redactor
from sentric_analyzer.spans import attributes_of, value_of
from sentric_analyzer.storage.arrow import Array, compute
from sentric_analyzer.storage.otlp import counts_of, fields_of
from sentric_analyzer.storage.texts import replaced, suspects


class Kind(IntEnum):
    """Types of a value; the numbers are stored."""

    TEXT = 0
    BOOLEAN = 1
    INTEGER = 2
    FLOAT = 3
    LIST = 4
    MAP = 5
    BYTES = 6
    NOTHING = 7


_FIELDS = {
    "bool_value": Kind.BOOLEAN,
    "int_value": Kind.INTEGER,
    "double_value": Kind.FLOAT,
    "array_value": Kind.LIST,
    "kvlist_value": Kind.MAP,
    "bytes_value": Kind.BYTES,
}
_READ_WHOLE = (Kind.FLOAT, Kind.MAP, Kind.BYTES)
"""Types of which the text does not show what the redactor sees."""
_FRACTION = r"^-?[0-9]+\.[0-9]+$"
"""A number that is not whole."""
_PLAIN_LIST = r'^\["[^"\\]*"(?:,"[^"\\]*"){2,}\]$|^\["[^"\\]*"\]$|^\[\]$'
"""A list of texts without an escape, though not of two."""
_TOGETHER = frozenset({"value", "auth"})
"""Names beside which it matters what other names there are."""


@dataclass(frozen=True, slots=True)
class Attributes:
    """Attributes of things in a row.

    Attributes:
        counts: how many each thing has, numpy integers.
        keys: their names.
        texts: their values as text.
        kinds: the types of the values, numpy bytes.
    """

    counts: Any
    keys: Array
    texts: Array
    kinds: Any

    @classmethod
    def read(cls, lists: Array) -> Self:
        """The attributes of lists of OTLP's KeyValue, one for each thing. Of a name given twice the last stands."""
        pairs = fields_of(lists.flatten())
        return cls(counts_of(lists), pairs["key"], *_values(fields_of(pairs["value"])))._without_repeats()

    def maps(self) -> Array:
        """As Arrow maps, one for each thing."""
        import pyarrow as pa

        return pa.MapArray.from_arrays(self.offsets(), self.keys, self.texts)

    def types(self) -> Array:
        """The types of the values of `maps`, as lists; an empty list where all are text."""
        import numpy as np
        import pyarrow as pa

        thing = np.repeat(np.arange(len(self.counts)), self.counts)
        told = np.zeros(len(self.counts), bool)
        told[thing[self.kinds != Kind.TEXT]] = True
        offsets = np.zeros(len(self.counts) + 1, np.int32)
        np.cumsum(np.where(told, self.counts, 0), out=offsets[1:])
        return pa.ListArray.from_arrays(pa.array(offsets), pa.array(self.kinds[told[thing]]))

    def offsets(self) -> Array:
        """Where the attributes of each thing begin, and in the end where one more would."""
        import numpy as np
        import pyarrow as pa

        offsets = np.zeros(len(self.counts) + 1, np.int32)
        np.cumsum(self.counts, out=offsets[1:])
        return pa.array(offsets)

    def dicts(self) -> list[dict[str, Any]]:
        """The attributes of each thing as they were sent."""
        keys, texts, kinds = self.keys.to_pylist(), self.texts.to_pylist(), self.kinds.tolist()
        pairs = zip(keys, map(value, texts, kinds), strict=True)
        return [dict(islice(pairs, count)) for count in self.counts.tolist()]

    def of_name(self, name: str) -> tuple[Any, list[Any]]:
        """The numbers of the things that have an attribute of a name, and its value for each."""
        import numpy as np
        import pyarrow as pa

        hits = compute().equal(self.keys, name)
        places = np.flatnonzero(hits.to_numpy(zero_copy_only=False))
        texts = self.texts.take(pa.array(places)).to_pylist()
        things = np.repeat(np.arange(len(self.counts)), self.counts)[places]
        return things, list(map(value, texts, self.kinds[places].tolist()))

    def of_names(self, names: Sequence[str]) -> list[tuple[int, str, Any]]:
        """The attributes of some names: the number of the thing that has it, its name and its value."""
        import numpy as np
        import pyarrow as pa

        places = np.flatnonzero(self._named(names))
        index = pa.array(places)
        told = map(value, self.texts.take(index).to_pylist(), self.kinds[places].tolist())
        return list(zip(self._things()[places].tolist(), self.keys.take(index).to_pylist(), told, strict=True))

    def marked(self, marks: Sequence[str]) -> Any:
        """Which things have an attribute of one of some names, as a numpy array of booleans."""
        import numpy as np

        found = np.zeros(len(self.counts), bool)
        found[self._things()[self._named(marks)]] = True
        return found

    def _things(self) -> Any:
        """The number of the thing that each attribute is of."""
        import numpy as np

        return np.repeat(np.arange(len(self.counts)), self.counts)

    def _named(self, names: Sequence[str]) -> Any:
        """Which attributes have one of some names."""
        import pyarrow as pa

        return compute().is_in(self.keys, pa.array(names, self.keys.type)).to_numpy(zero_copy_only=False)

    def redacted(self, redactor: Redactor) -> Self:
        """These without secrets: exactly what the redactor makes of each thing's attributes as an object."""
        import numpy as np
        import pyarrow as pa

        if not len(self.keys):
            return self
        names = self.keys.dictionary_encode()
        known = names.dictionary.to_pylist()
        clean = [redactor.text(name) for name in known]
        codes = names.indices.to_numpy()
        chosen = np.array([redactor.is_telling(name) for name in known])[codes]
        chosen |= np.isin(self.kinds, _READ_WHOLE) | self._odd_lists()
        asked = ~self._fractions()
        index = np.flatnonzero(asked)
        chosen[index[list(suspects(self.texts.take(pa.array(index)), redactor))]] = True
        together = np.array([name in _TOGETHER for name in known])[codes]
        if together.any():
            thing = np.repeat(np.arange(len(self.counts)), self.counts)
            chosen |= np.isin(thing, thing[together])
        changed = self._changed(np.flatnonzero(chosen & asked), redactor, alone=not together.any())
        keys = self.keys if clean == known else names.from_arrays(names.indices, clean).dictionary_decode()
        return replace(self, keys=keys, **changed)

    def _without_repeats(self) -> Self:
        """Leave of a name that a thing has several times the last place."""
        import numpy as np
        import pyarrow as pa

        names = self.keys.dictionary_encode()
        count, most = len(self.counts), len(names.dictionary)
        thing = np.repeat(np.arange(count), self.counts)
        place = thing * most + names.indices.to_numpy()
        ordered = np.sort(place)
        if not (ordered[1:] == ordered[:-1]).any():
            return self
        _, last = np.unique(place[::-1], return_index=True)
        kept = np.sort(len(place) - 1 - last)
        index = pa.array(kept)
        return replace(
            self,
            counts=np.bincount(thing[kept], minlength=count),
            keys=self.keys.take(index),
            texts=self.texts.take(index),
            kinds=self.kinds[kept],
        )

    def _fractions(self) -> Any:
        """Which values are numbers with a fraction: none of these is a card's, nor a code."""
        import pyarrow as pa

        found = self.kinds == Kind.FLOAT
        if found.any():
            written = self.texts.filter(pa.array(found))
            found[found] = compute().match_substring_regex(written, _FRACTION).to_numpy(zero_copy_only=False)
        return found

    def _odd_lists(self) -> Any:
        """Which values are lists of which the text does not show each item: others lie in it between quotes.

        A list of two may be a header's name and its value; one that nests is looked at item by item.
        """
        import pyarrow as pa

        found = self.kinds == Kind.LIST
        if found.any():
            written = self.texts.filter(pa.array(found))
            found[found] = ~compute().match_substring_regex(written, _PLAIN_LIST).to_numpy(zero_copy_only=False)
        return found

    def _changed(self, places: Any, redactor: Redactor, *, alone: bool) -> dict[str, Any]:
        """The columns in which what the redactor changes of the values at some places is changed."""
        if not len(places):
            return {}
        import pyarrow as pa

        index = pa.array(places)
        keys, texts = self.keys.take(index).to_pylist(), self.texts.take(index).to_pylist()
        before = list(map(value, texts, self.kinds[places].tolist()))
        if alone:
            after = [_redacted({key: one}, redactor)[0] for key, one in zip(keys, before, strict=True)]
        else:
            after = self._after(places, keys, before, redactor)
        written = [text(one) for one in after]
        kinds = self.kinds.copy()
        kinds[places] = [kind_of(one) for one in after]
        return {"texts": replaced(self.texts, places, written), "kinds": kinds}

    def _after(self, places: Any, keys: list[str], values: list[Any], redactor: Redactor) -> list[Any]:
        """The values redacted, those of one thing together."""
        import numpy as np

        things = np.repeat(np.arange(len(self.counts)), self.counts)[places].tolist()
        objects: dict[int, dict[str, Any]] = {}
        for thing, key, one in zip(things, keys, values, strict=True):
            objects.setdefault(thing, {})[key] = one
        after: list[Any] = []
        for of in objects.values():
            together = _redacted(of, redactor)
            if len(together) != len(of):  # names that became the same fingerprint
                together = [_redacted({key: one}, redactor)[0] for key, one in of.items()]
            after += together
        return after


def _redacted(of: dict[str, Any], redactor: Redactor) -> list[Any]:
    """The values of an object, redacted."""
    return list(cast("dict[str, Any]", redactor.value(of)).values())


def value(stored: str, kind: int) -> Any:
    """The value that `text` made a text of. Bytes within lists and maps stay base64."""
    try:
        return _READ[kind](stored)
    except (KeyError, ValueError, RecursionError):
        return stored  # not as we write it: text, as the column says


def values(stored: Mapping[str, str], kinds: Sequence[int]) -> dict[str, Any]:
    """The attributes of a stored map, and of the types beside it."""
    if not kinds:
        return dict(stored)
    return {key: value(one, kind) for (key, one), kind in zip(stored.items(), kinds, strict=False)}


def text(one: Any) -> str:
    """One value as text."""
    match one:
        case str():
            return one
        case bool() | float() | list() | dict():
            return _encode(one)
        case int():
            return str(one)
        case bytes():
            return _base64(one)
        case None:
            return ""
        case _:
            return str(one)


def kind_of(one: Any) -> Kind:
    """The type of a value."""
    return _KINDS[type(one)]


_KINDS: dict[type, Kind] = {
    str: Kind.TEXT,
    bool: Kind.BOOLEAN,
    int: Kind.INTEGER,
    float: Kind.FLOAT,
    list: Kind.LIST,
    dict: Kind.MAP,
    bytes: Kind.BYTES,
    type(None): Kind.NOTHING,
}


def _base64(one: Any) -> str:
    return base64.b64encode(one).decode() if isinstance(one, bytes) else str(one)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_base64).encode

_READ: dict[int, Callable[[str], Any]] = {
    Kind.TEXT: str,
    Kind.BOOLEAN: lambda stored: stored == "true",
    Kind.INTEGER: int,
    Kind.FLOAT: float,
    Kind.LIST: json.loads,
    Kind.MAP: json.loads,
    Kind.BYTES: lambda stored: base64.b64decode(stored, validate=True),
    Kind.NOTHING: lambda _: None,
}


def _values(fields: Mapping[str, Array]) -> tuple[Array, Any]:
    """The texts and types of OTLP's AnyValues."""
    import numpy as np
    import pyarrow as pa

    strings = fields["string_value"]
    kinds = np.full(len(strings), Kind.NOTHING, np.uint8)
    kinds[compute().is_valid(strings).to_numpy(zero_copy_only=False)] = Kind.TEXT
    if not strings.null_count:
        return strings, kinds
    written = [strings]
    for name, kind in _FIELDS.items():
        column = fields[name]
        if column.null_count == len(column):
            continue
        kinds[compute().is_valid(column).to_numpy(zero_copy_only=False)] = kind
        written.append(_TEXTS[kind](column))
    return compute().coalesce(*written, pa.scalar("")), kinds


def _cast(column: Array) -> Array:
    import pyarrow as pa

    return compute().cast(column, pa.string())


def _one_by_one(write: Callable[[Any], str]) -> Callable[[Array], Array]:
    def texts(column: Array) -> Array:
        import pyarrow as pa

        return pa.array([None if one is None else write(one) for one in column.to_pylist()], pa.string())

    return texts


def _list(body: bytes) -> str:
    return text([value_of(item) for item in ArrayValue.FromString(body).values])


def _map(body: bytes) -> str:
    return text(attributes_of(KeyValueList.FromString(body).values))


_TEXTS: dict[Kind, Callable[[Array], Array]] = {
    Kind.BOOLEAN: _cast,
    Kind.INTEGER: _cast,
    Kind.FLOAT: _cast,
    Kind.LIST: _one_by_one(_list),
    Kind.MAP: _one_by_one(_map),
    Kind.BYTES: _one_by_one(text),
}
