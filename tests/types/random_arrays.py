"""Arrays of any type with random content: extremes, nulls over garbage, offsets inside.

Everything is built from buffers, not from Python values, so that no converter that is
being tested has a part in it. The same seed makes the same arrays.
"""

from __future__ import annotations

from collections.abc import Callable

import instants
import numpy as np
import pyarrow as pa
import samples

# Every n-th value of a column is one of its type's extremes.
EXTREME_SHARE = 0.1
MAX_LIST_LENGTH = 3


class ArrayMaker:
    """Makes arrays of one seed. `null_share` of the slots are null, at each level."""

    def __init__(self, seed: int, null_share: float) -> None:
        self._random = np.random.Generator(np.random.PCG64(seed))
        self._null_share = null_share

    def make(self, type_: pa.DataType, rows: int, *, nullable: bool = True) -> pa.Array:
        """Return an array without an offset of its own; its children may have some."""
        if isinstance(type_, pa.BaseExtensionType):
            return self._extension(type_, rows, nullable)
        for is_type, method in _METHODS:
            if is_type(type_):
                return getattr(self, method)(type_, rows, nullable)
        return self._fixed_width(type_, self._numbers(type_, rows), nullable)

    def _child(self, field: pa.Field, rows: int) -> pa.Array:
        """Return an array for a field inside another type; it may be a slice."""
        skipped = int(self._random.integers(0, 4))
        longer = rows + skipped + int(self._random.integers(0, 3))
        array = self.make(field.type, longer, nullable=field.nullable)
        return array.slice(skipped, rows)

    def _validity(self, rows: int, nullable: bool) -> np.ndarray | None:
        if not nullable or self._null_share == 0:
            return None
        return self._random.random(rows) >= self._null_share

    # --- one buffer of values ----------------------------------------------------

    def _numbers(self, type_: pa.DataType, rows: int) -> np.ndarray:
        """Return the values of a column as an array of numpy, one element per slot."""
        if pa.types.is_integer(type_):
            values = self._integers(type_, rows)
        elif pa.types.is_floating(type_):
            values = self._floats(type_, rows)
        elif pa.types.is_decimal(type_):
            values = self._picked(samples.unscaled_decimals(type_), rows)
        elif type_ == pa.month_day_nano_interval():
            values = self._intervals(rows)
        else:
            low, high, step = instants.limits(type_)
            values = self._random.integers(low // step, high // step, rows, endpoint=True)
            values = (values * step).astype(f"i{type_.bit_width // 8}")
        extremes = samples.extremes(type_, values.dtype)
        chosen = self._random.random(rows) < EXTREME_SHARE
        values[chosen] = self._picked(extremes, int(chosen.sum()))
        return values

    def _integers(self, type_: pa.DataType, rows: int) -> np.ndarray:
        dtype = np.dtype(type_.to_pandas_dtype())
        info = np.iinfo(dtype)
        values = self._random.integers(info.min, info.max, rows, dtype, endpoint=True)
        # CPython keeps the small ones, which is a path of its own.
        small = self._random.random(rows) < 0.3
        lowest, highest = max(info.min, -10), min(info.max, 300)
        values[small] = self._random.integers(lowest, highest, int(small.sum()), dtype)
        return values

    def _floats(self, type_: pa.DataType, rows: int) -> np.ndarray:
        width = type_.bit_width
        bits = self._random.integers(0, 2**width - 1, rows, f"u{width // 8}")
        values = bits.view(f"f{width // 8}").copy()
        usual = self._random.random(rows) < 0.7
        values[usual] = self._random.normal(0, 1000, int(usual.sum()))
        return values

    def _intervals(self, rows: int) -> np.ndarray:
        values = np.zeros(rows, samples.INTERVAL)
        for name, (kind, _) in samples.INTERVAL.fields.items():
            info = np.iinfo(kind)
            values[name] = self._random.integers(info.min, info.max, rows, kind)
        return values

    def _picked(self, pool: np.ndarray, rows: int) -> np.ndarray:
        return pool[self._random.integers(0, len(pool), rows)]

    def _fixed_width(
        self, type_: pa.DataType, values: np.ndarray, nullable: bool
    ) -> pa.Array:
        validity = self._validity(len(values), nullable)
        if validity is not None:
            # Under a null anything may stand, also what is no value of the type.
            missing = int((~validity).sum())
            garbage = self._random.bytes(missing * values.dtype.itemsize)
            values[~validity] = np.frombuffer(garbage, values.dtype)
        return pa.Array.from_buffers(
            type_, len(values), [_bitmap(validity), pa.py_buffer(values.tobytes())]
        )

    def _null(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        return pa.nulls(rows, type_)

    def _boolean(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        values = self._random.random(rows) < 0.5
        validity = self._validity(rows, nullable)
        return pa.Array.from_buffers(type_, rows, [_bitmap(validity), _bitmap(values)])

    def _bytes(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        text = pa.types.is_string(type_) or pa.types.is_large_string(type_)
        text = text or pa.types.is_string_view(type_)
        pool = samples.TEXTS if text else samples.BYTES
        values = [pool[i] for i in self._random.integers(0, len(pool), rows)]
        full = pa.array(values, pa.string() if text else pa.binary()).cast(type_)
        return self._with_nulls(full, nullable)

    def _fixed_bytes(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        width = type_.byte_width
        data = self._random.bytes(width * rows)
        validity = self._validity(rows, nullable)
        buffers = [_bitmap(validity), pa.py_buffer(data)]
        return pa.Array.from_buffers(type_, rows, buffers)

    def _with_nulls(self, full: pa.Array, nullable: bool) -> pa.Array:
        validity = self._validity(len(full), nullable)
        if validity is None:
            return full
        buffers = [_bitmap(validity), *full.buffers()[1:]]
        return pa.Array.from_buffers(full.type, len(full), buffers)

    # --- nested ------------------------------------------------------------------

    def _lengths(self, rows: int) -> np.ndarray:
        lengths = self._random.integers(0, MAX_LIST_LENGTH, rows)
        lengths[self._random.random(rows) < 0.3] = 1
        return lengths

    def _offsets(self, rows: int, dtype: str) -> np.ndarray:
        first = int(self._random.integers(0, 3))
        return np.cumsum([first, *self._lengths(rows)]).astype(dtype)

    def _list(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        large = pa.types.is_large_list(type_)
        offsets = self._offsets(rows, "i8" if large else "i4")
        # Null lists keep what their offsets span: children that nobody may see.
        child = self._child(type_.value_field, int(offsets[-1]) + 2)
        return pa.Array.from_buffers(
            type_, rows,
            [_bitmap(self._validity(rows, nullable)), pa.py_buffer(offsets.tobytes())],
            children=[child],
        )  # fmt: skip

    def _list_view(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        dtype = "i8" if pa.types.is_large_list_view(type_) else "i4"
        sizes = self._lengths(rows).astype(dtype)
        length = rows + MAX_LIST_LENGTH
        # Views may overlap and come in any order.
        starts = self._random.integers(0, length - MAX_LIST_LENGTH + 1, rows)
        buffers = [
            _bitmap(self._validity(rows, nullable)),
            pa.py_buffer(starts.astype(dtype).tobytes()),
            pa.py_buffer(sizes.tobytes()),
        ]
        child = self._child(type_.value_field, length)
        return pa.Array.from_buffers(type_, rows, buffers, children=[child])

    def _fixed_list(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        child = self._child(type_.value_field, rows * type_.list_size)
        buffers = [_bitmap(self._validity(rows, nullable))]
        return pa.Array.from_buffers(type_, rows, buffers, children=[child])

    def _struct(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        children = [self._child(type_.field(i), rows) for i in range(type_.num_fields)]
        buffers = [_bitmap(self._validity(rows, nullable))]
        return pa.Array.from_buffers(type_, rows, buffers, children=children)

    def _map(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        offsets = self._offsets(rows, "i4")
        # Keys come from few values, so that some maps have one twice.
        entries = self._child(type_.field(0), int(offsets[-1]) + 1)
        buffers = [
            _bitmap(self._validity(rows, nullable)),
            pa.py_buffer(offsets.tobytes()),
        ]
        return pa.Array.from_buffers(type_, rows, buffers, children=[entries])

    # --- other encodings -----------------------------------------------------------

    def _dictionary(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        # Some entries are null, some are there twice, and most small columns leave
        # some unused.
        dictionary = self._child(pa.field("", type_.value_type, nullable), 40)
        dtype = np.dtype(type_.index_type.to_pandas_dtype())
        indices = self._random.integers(0, len(dictionary), rows).astype(dtype)
        validity = self._validity(rows, nullable)
        if validity is not None:
            indices[~validity] = np.iinfo(dtype).max
        buffers = [_bitmap(validity), pa.py_buffer(indices.tobytes())]
        return pa.DictionaryArray.from_buffers(type_, rows, buffers, dictionary)

    def _runs(self, type_: pa.DataType, rows: int, nullable: bool) -> pa.Array:
        lengths = self._random.integers(1, 4, rows)
        ends = np.cumsum(lengths)
        count = int(np.searchsorted(ends, rows)) + 1 if rows else 0
        ends = pa.array(ends[:count], pa.int64()).cast(type_.run_end_type)
        values = self._child(pa.field("", type_.value_type, nullable), count)
        whole = pa.RunEndEncodedArray.from_arrays(ends, values, type_)
        return whole.slice(0, rows)

    def _extension(
        self, type_: pa.BaseExtensionType, rows: int, nullable: bool
    ) -> pa.Array:
        if type_.extension_name == "arrow.json":
            values = [
                samples.JSON[i] for i in self._random.integers(0, len(samples.JSON), rows)
            ]
            storage = self._with_nulls(pa.array(values, type_.storage_type), nullable)
        else:
            storage = self.make(type_.storage_type, rows, nullable=nullable)
        return pa.ExtensionArray.from_storage(type_, storage)


def _bitmap(bits: np.ndarray | None) -> pa.Buffer | None:
    if bits is None:
        return None
    return pa.py_buffer(np.packbits(bits, bitorder="little").tobytes())


def _is_any(*tests: Callable[[pa.DataType], bool]) -> Callable[[pa.DataType], bool]:
    return lambda type_: any(test(type_) for test in tests)


_TYPES = pa.types
_METHODS: list[tuple[Callable[[pa.DataType], bool], str]] = [
    (_TYPES.is_null, "_null"),
    (_TYPES.is_boolean, "_boolean"),
    (_TYPES.is_fixed_size_binary, "_fixed_bytes"),
    (
        _is_any(
            _TYPES.is_string, _TYPES.is_large_string, _TYPES.is_string_view,
            _TYPES.is_binary, _TYPES.is_large_binary, _TYPES.is_binary_view,
        ),
        "_bytes",
    ),
    (_is_any(_TYPES.is_list, _TYPES.is_large_list), "_list"),
    (_is_any(_TYPES.is_list_view, _TYPES.is_large_list_view), "_list_view"),
    (_TYPES.is_fixed_size_list, "_fixed_list"),
    (_TYPES.is_struct, "_struct"),
    (_TYPES.is_map, "_map"),
    (_TYPES.is_dictionary, "_dictionary"),
    (_TYPES.is_run_end_encoded, "_runs"),
]  # fmt: skip
