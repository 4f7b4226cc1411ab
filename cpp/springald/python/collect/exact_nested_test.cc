#include "springald/python/collect/exact_nested.h"

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

// Types of any depth, and values that they are made for.
constexpr const char* kRandomValues = R"(
import datetime as dt
import decimal, random, uuid
RANDOM = random.Random(20)
LEAVES = [
    (pa.null(), lambda: None), (pa.bool_(), lambda: RANDOM.random() < 0.5),
    (pa.int8(), lambda: RANDOM.randrange(-128, 128)),
    (pa.uint64(), lambda: RANDOM.randrange(2**64)),
    (pa.float16(), lambda: RANDOM.uniform(-9, 9)),
    (pa.float64(), lambda: RANDOM.choice([0.0, -0.0, 1.5, float('nan'), float('inf'),
    7])),
    (pa.utf8(), lambda: RANDOM.choice(['', 'a', 'zo\xeb', 'x' * 40])),
    (pa.string_view(), lambda: RANDOM.choice(['', 'a', 'zo\xeb', 'x' * 40])),
    (pa.large_binary(), lambda: RANDOM.randbytes(RANDOM.randrange(20))),
    (pa.binary(16), lambda: RANDOM.choice([bytes(16),
    uuid.UUID(int=RANDOM.getrandbits(128))])),
    (pa.decimal128(12, 2), lambda: decimal.Decimal(RANDOM.randrange(-10**6, 10**6)) / 4),
    (pa.date32(), lambda: dt.date.fromordinal(RANDOM.randrange(1, 3652059))),
    (pa.timestamp('us', 'UTC'), lambda: dt.datetime(2024, 1, 1, tzinfo=dt.timezone.utc)),
    (pa.duration('ms'), lambda: dt.timedelta(RANDOM.uniform(-9, 9))),
    (pa.month_day_nano_interval(), lambda: pa.MonthDayNano([RANDOM.randrange(9), -1, 2])),
]

def often(make):
    return lambda: None if RANDOM.random() < 0.2 else make()

def list_of(kind):
    def build(depth):
        type_, make = random_type(depth - 1)
        return kind(type_), lambda: RANDOM.choice([list, tuple])(
            [often(make)() for _ in range(RANDOM.randrange(4))])
    return build

def fixed(depth):
    type_, make = random_type(depth - 1)
    return pa.list_(type_, 2), lambda: [often(make)(), often(make)()]

def struct(depth):
    fields = [(name, *random_type(depth - 1)) for name in 'abc'[:RANDOM.randrange(1, 4)]]
    return (pa.struct([(n, t) for n, t, _ in fields]),
            lambda: {**{n: often(m)() for n, _, m in fields}, 'unused': 5})

def map_of(depth):
    type_, make = random_type(depth - 1)
    return pa.map_(pa.int8(), type_), lambda: RANDOM.choice([dict, list])(
        [(i, often(make)()) for i in range(RANDOM.randrange(3))])

NESTED = [list_of(k) for k in (pa.list_, pa.large_list, pa.list_view, pa.large_list_view)]
NESTED += [fixed, struct, map_of]

def random_type(depth):
    if depth == 0 or RANDOM.random() < 0.1:
        return RANDOM.choice(LEAVES)
    return RANDOM.choice(NESTED)(depth)

def random_case(depth):
    type_, make = RANDOM.choice(NESTED)(depth)
    return type_, [often(make)() for _ in range(RANDOM.choice([0, 1, 30]))]
)";

class ExactNestedTest : public PythonTest {
 protected:
  arrow::Result<std::shared_ptr<arrow::Array>> Make(const char* values,
                                                    const char* type) {
    const PyRef list = python_.Eval(values);
    return MakeExactNested(PySequence_Fast_ITEMS(list.get()),
                           PySequence_Fast_GET_SIZE(list.get()), python_.Type(type));
  }
};

TEST_F(ExactNestedTest, GivesWhatPyarrowGives) {
  python_.Run(kRandomValues);
  const auto options =
      arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
  for (int i = 0; i < 600; ++i) {
    python_.Run("type_, values = random_case(" + std::to_string(1 + i % 5) + ")");
    const auto column = Make("values", "type_");
    ASSERT_TRUE(column.ok() && *column != nullptr) << python_.Text("type_, values");
    ASSERT_TRUE((*column)->ValidateFull().ok())
        << python_.Text("type_, values") << (*column)->ValidateFull().ToString();
    ASSERT_TRUE((*column)->Equals(python_.Column("pa.array(values, type_)"), options))
        << python_.Text("type_, values") << (*column)->ToString();
  }
}

TEST_F(ExactNestedTest, LeavesEverythingElseToPyarrow) {
  python_.Run(
      "import collections\n"
      "class List(list): pass\n"
      "POINT = pa.struct([('a', pa.int8()), ('b', pa.utf8())])\n"
      "MAP = pa.map_(pa.utf8(), pa.int8())\n"
      "CASES = [(pa.list_(pa.int8()), v) for v in\n"
      "         ([300], [1.5], [True], ['a'], List([1]), {1}, range(3), 'a', 5, b'a')]\n"
      "CASES += [(pa.list_(pa.int8(), 2), v) for v in ([1], [1, 2, 3], [])]\n"
      "CASES += [(POINT, v) for v in ({'a': 1}, {b'a': 1, b'b': 'x'}, (1, 'x'), {},\n"
      "          collections.OrderedDict(a=1, b='x'), [('a', 1), ('b', 'x')], 5)]\n"
      "CASES += [(MAP, v) for v in ([None], [(None, 1)], {None: 1}, [['a', 1]], {1: 1},\n"
      "          [('a', 1, 2)], {'a': 'x'}, 'a', collections.OrderedDict(a=1))]\n"
      "CASES += [(pa.struct([]), {}), (pa.list_(pa.null()), [5]),\n"
      "          (pa.struct([('a', pa.int8()), ('a', pa.int8())]), {'a': 1})]\n");
  const PyRef cases = python_.Eval("CASES");
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(cases.get()); ++i) {
    python_.Set("case", PyList_GET_ITEM(cases.get(), i));
    EXPECT_EQ(Make("[case[1]]", "case[0]").ValueOrDie(), nullptr) << python_.Text("case");
  }
}

TEST_F(ExactNestedTest, KeepsNoReferences) {
  python_.Run(
      "import sys\n"
      "text = 'of some length'\n"
      "values = [{'a': [text, text], 'b': None}, None, {'a': [text], 'b': 'no "
      "number'}]\n");
  python_.Run("before = sys.getrefcount(text)");
  for (const char* type : {"pa.struct([('a', pa.list_(pa.utf8()))])",
                           "pa.struct([('a', pa.list_(pa.utf8())), ('b', pa.int8())])"}) {
    static_cast<void>(Make("values", type));
    EXPECT_TRUE(python_.IsTrue("sys.getrefcount(text) == before")) << type;
  }
}

}  // namespace

}  // namespace springald::python
