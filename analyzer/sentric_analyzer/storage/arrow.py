"""Columns of Python values as Arrow streams: the fastest way into ClickHouse from Python."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from itertools import accumulate, chain
from typing import Any, TypeAlias

from sentric_analyzer.document import clean_text

Array: TypeAlias = Any
"""A `pyarrow.Array`. pyarrow itself is imported where it is used: naming the store must cost nothing."""


def compute() -> Any:
    """The functions over arrays, of which pyarrow tells no type checker."""
    import pyarrow.compute

    return pyarrow.compute


class Type(Enum):
    """What a column holds, and so what ClickHouse is given."""

    TEXT = auto()
    TIME = auto()
    """Unix nanoseconds, for a DateTime64(9)."""
    INT64 = auto()
    UINT64 = auto()
    UINT32 = auto()
    UINT8 = auto()
    UINT8S = auto()
    UINT8SS = auto()
    MAP = auto()
    TEXTS = auto()
    TIMES = auto()
    UINT32S = auto()
    MAPS = auto()


Columns: TypeAlias = Any
"""A `pyarrow.Table`."""
Schema: TypeAlias = Mapping[str, Type]
"""The columns of an insert, by name."""
Row: TypeAlias = tuple[Any, ...]
"""Values in the order of the schema."""


def stream(schema: Schema, rows: Iterable[Row]) -> bytes:
    """Rows as one Arrow stream of one batch. Integers must fit their type; text may hold anything."""
    return encoded(columns(schema, rows))


def columns(schema: Schema, rows: Iterable[Row]) -> Columns:
    """Rows as columns. Integers must fit their type; text may hold anything."""
    import pyarrow as pa

    values = zip(schema.values(), zip(*rows, strict=True), strict=True)
    return pa.Table.from_arrays([_ARRAYS[kind](column) for kind, column in values], names=list(schema))


def encoded(rows: Columns) -> bytes:
    """Columns as one Arrow stream of one batch."""
    import pyarrow as pa

    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows.combine_chunks())
    return bytes(sink.getvalue())


def concatenated(streams: Sequence[bytes]) -> Columns | None:
    """The rows of Arrow streams of one schema behind each other; None where there is no stream."""
    import pyarrow as pa

    return pa.concat_tables([pa.ipc.open_stream(one).read_all() for one in streams]) if streams else None


def joined(parts: Sequence[Columns]) -> Columns | None:
    """Columns behind each other, in one piece however many there were; None where there are none."""
    import pyarrow as pa

    return pa.concat_tables(parts).combine_chunks() if parts else None


def with_constant(rows: Columns, name: str, number: int) -> Columns:
    """Columns and another one, behind them, that has a number in each row."""
    import numpy as np
    import pyarrow as pa

    return rows.append_column(name, pa.array(np.full(len(rows), number, np.uint64)))


def _texts(column: Sequence[str]) -> Array:
    import pyarrow as pa

    try:
        return pa.array(column, pa.string())
    except UnicodeEncodeError:  # a lone surrogate: from JSON, never from protobuf
        return pa.array([clean_text(value) for value in column], pa.string())


def _numbers(kind: str) -> Callable[[Sequence[Any]], Array]:
    def array(column: Sequence[Any]) -> Array:
        import pyarrow as pa

        return pa.array(column, pa.type_for_alias(kind))

    return array


def _maps(column: Sequence[Mapping[str, str]]) -> Array:
    import pyarrow as pa

    keys = _texts(list(chain.from_iterable(column)))
    items = _texts(list(chain.from_iterable(entries.values() for entries in column)))
    return pa.MapArray.from_arrays(_offsets(column), keys, items)


def _lists(of: Callable[[Sequence[Any]], Array]) -> Callable[[Sequence[Sequence[Any]]], Array]:
    def array(column: Sequence[Sequence[Any]]) -> Array:
        import pyarrow as pa

        return pa.ListArray.from_arrays(_offsets(column), of(list(chain.from_iterable(column))))

    return array


def _offsets(column: Sequence[Sequence[Any] | Mapping[str, str]]) -> Array:
    import pyarrow as pa

    return pa.array(accumulate(map(len, column), initial=0), pa.int32())


_time = _numbers("timestamp[ns]")

_ARRAYS: dict[Type, Callable[[Sequence[Any]], Array]] = {
    Type.TEXT: _texts,
    Type.TIME: _time,
    Type.INT64: _numbers("int64"),
    Type.UINT64: _numbers("uint64"),
    Type.UINT32: _numbers("uint32"),
    Type.UINT8: _numbers("uint8"),
    Type.UINT8S: _lists(_numbers("uint8")),
    Type.UINT8SS: _lists(_lists(_numbers("uint8"))),
    Type.MAP: _maps,
    Type.TEXTS: _lists(_texts),
    Type.TIMES: _lists(_time),
    Type.UINT32S: _lists(_numbers("uint32")),
    Type.MAPS: _lists(_maps),
}
