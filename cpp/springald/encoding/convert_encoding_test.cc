#include "springald/encoding/convert_encoding.h"

#include <gtest/gtest.h>

#include "springald/encoding/same_values.h"
#include "springald/python/python_testing.h"

namespace springald {

namespace {

using python::PyRef;
using python::PythonTest;

// Columns of each type as pyarrow makes them, in every encoding it knows.
constexpr const char* kColumns = R"(
import datetime as dt
import decimal
import uuid

def encodings(type_):
    """Types of the same values."""
    yield type_
    yield pa.dictionary(pa.int16(), type_)
    yield pa.run_end_encoded(pa.int32(), type_)
    yield pa.run_end_encoded(pa.int16(), pa.dictionary(pa.int8(), type_))
    yield pa.dictionary(pa.int8(), pa.run_end_encoded(pa.int32(), type_))

TEXTS = ['a', None, 'zo\xeb, who has a longer name', 'a', 'a', '']
BYTES = [b'a', None, b'\xff' * 20, b'a', b'a', b'']
LISTS = [[1, 2], None, [], [None, 3], [1, 2], [4]]
NAMES = [['a', None], None, [], ['zo\xeb, who has a longer name'], ['a', None], ['b']]
SIXTEEN = [bytes(range(16)), None, b'x' * 16, b'x' * 16, b'y' * 16, b'z' * 16]

def families():
    yield TEXTS, [e for t in (pa.utf8(), pa.large_utf8(), pa.string_view())
                  for e in encodings(t)] + [pa.json_(), pa.json_(pa.large_utf8())]
    yield BYTES, [e for t in (pa.binary(), pa.large_binary(), pa.binary_view())
                  for e in encodings(t)]
    kinds = (pa.list_, pa.large_list, pa.list_view, pa.large_list_view)
    yield LISTS, [e for k in kinds for e in encodings(k(pa.int8()))] + [
        k(pa.field('element', pa.dictionary(pa.int8(), pa.int8()))) for k in kinds] + [
        pa.list_(pa.field('x', pa.bool8().storage_type, metadata={'a': 'b'}))]
    yield NAMES, [k(t) for k in kinds
                  for t in (pa.utf8(), pa.string_view(), pa.dictionary(pa.int8(),
                  pa.utf8()),
                            pa.run_end_encoded(pa.int32(), pa.large_utf8()),
                            pa.dictionary(pa.uint8(), pa.string_view()))]
    yield SIXTEEN, list(encodings(pa.binary(16))) + [
        pa.uuid(), pa.dictionary(pa.int8(), pa.uuid()),
        pa.run_end_encoded(pa.int64(), pa.uuid())]
    for type_, value in [(pa.bool_(), True), (pa.int64(), 5), (pa.float16(), 1.5),
                         (pa.decimal32(5, 2), decimal.Decimal('1.50')),
                         (pa.decimal256(50, 2), decimal.Decimal('1.50')),
                         (pa.date32(), dt.date(2024, 1, 1)),
                         (pa.timestamp('us', 'UTC'), dt.datetime(2024, 1, 1)),
                         (pa.duration('ms'), dt.timedelta(1)), (pa.time64('ns'),
                         dt.time(1)),
                         (pa.month_day_nano_interval(), (1, 2, 3)),
                         (pa.null(), None),
                         (pa.list_(pa.int8(), 2), [1, 2])]:
        yield [value, None, value, value, None, value], list(encodings(type_))
    pairs = [[('a', [1])], None, [], [('b', None), ('a', [])], [('a', [1])], [('c', [2])]]
    yield pairs, [pa.map_(k, v) for k in (pa.utf8(), pa.string_view())
                  for v in (pa.list_(pa.int8()), pa.large_list_view(pa.int8()))]
    rows = [{'a': 'x', 'b': [1]}, None, {'a': None, 'b': None}, {'a': 'y', 'b': [2, 3]},
            {'a': 'x', 'b': [1]}, {'a': 'x', 'b': []}]
    yield rows, [pa.struct([('a', a), ('b', b)])
                 for a in (pa.utf8(), pa.dictionary(pa.int8(), pa.utf8()),
                           pa.run_end_encoded(pa.int32(), pa.string_view()))
                 for b in (pa.list_(pa.int8()), pa.list_view(pa.int8()))]

def plain_of(type_):
    """The type without encodings, as pyarrow makes it of Python values."""
    if isinstance(type_, pa.BaseExtensionType):
        return plain_of(type_.storage_type)
    if isinstance(type_, (pa.DictionaryType, pa.RunEndEncodedType)):
        return plain_of(type_.value_type)
    if pa.types.is_struct(type_):
        return pa.struct([(f.name, plain_of(f.type)) for f in type_])
    if pa.types.is_map(type_):
        return pa.map_(plain_of(type_.key_type), plain_of(type_.item_type))
    if pa.types.is_fixed_size_list(type_):
        return pa.list_(plain_of(type_.value_type), type_.list_size)
    if pa.types.is_nested(type_):
        return pa.list_(plain_of(type_.value_type))
    return type_

def values_of(value):
    if isinstance(value, pa.Array):
        return [values_of(v) for v in value.to_pylist()]
    if isinstance(value, uuid.UUID):
        return value.bytes
    return value

FAMILIES = [(values, types) for values, types in families()]
PAIRS = [(values, a, b) for values, types in FAMILIES for a in types for b in types]
)";

class ConvertEncodingTest : public PythonTest {
 protected:
  void SetUp() override { python_.Run(kColumns); }
};

TEST_F(ConvertEncodingTest, KeepsTheValuesBetweenEveryTwoEncodings) {
  const PyRef pairs = python_.Eval("PAIRS");
  ASSERT_GT(PyList_GET_SIZE(pairs.get()), 1000);
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(pairs.get()); ++i) {
    python_.Set("pair", PyList_GET_ITEM(pairs.get(), i));
    const auto from = python_.Type("pair[1]");
    const auto to = python_.Type("pair[2]");
    ASSERT_TRUE(HaveSameValues(*from, *to)) << from->ToString() << to->ToString();
    // The plain column first, which pyarrow makes of the values.
    python_.Run("plain = pa.array(pair[0], type=plain_of(pair[1]))");
    const auto column = ConvertEncoding(python_.Column("plain"), from).ValueOrDie();
    for (const int64_t offset : {0, 1, 3}) {
      const auto slice = column->Slice(offset, 3);
      const auto converted = ConvertEncoding(slice, to);
      ASSERT_TRUE(converted.ok()) << from->ToString() << " to " << to->ToString() << ": "
                                  << converted.status().ToString();
      ASSERT_TRUE((*converted)->ValidateFull().ok())
          << from->ToString() << " to " << to->ToString()
          << (*converted)->ValidateFull().ToString();
      ASSERT_TRUE((*converted)->type()->Equals(*to, /*check_metadata=*/true));
      python_.Set("converted", *converted);
      python_.Set("slice_", python_.Column("plain")->Slice(offset, 3));
      ASSERT_TRUE(python_.IsTrue("values_of(converted) == values_of(slice_)"))
          << from->ToString() << " to " << to->ToString()
          << python_.Text("values_of(converted), values_of(slice_)");
    }
  }
}

}  // namespace

}  // namespace springald
