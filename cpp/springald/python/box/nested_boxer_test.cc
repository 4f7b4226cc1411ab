#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "springald/python/box/boxer_testing.h"

namespace springald::python {

namespace {

// `column_of(depth)` gives a random column that is nested `depth` deep, put together of
// arrays and not of Python values, so that children have offsets of their own, rows that
// nobody uses, and values under null parents.
constexpr const char* kRandomColumns = R"(
R = random.Random(20260)
MOMENT = dt.datetime(2024, 10, 27, 0, 30)
FLAT = [(pa.int8(), [1, -1, 127]), (pa.uint64(), [0, 2**64 - 1]),
        (pa.bool_(), [True, False]),
        (pa.float16(), [1.5, float('nan')]), (pa.float64(), [0.1, -0.0]),
        (pa.utf8(), ['', 'zoë', 'plain']),
        (pa.string_view(), ['a', 'longer than twelve ë']),
        (pa.large_binary(), [b'', b'\xff']), (pa.binary(2), [b'ab']),
        (pa.decimal128(20, 2), [decimal.Decimal('1.25'), decimal.Decimal('-3')]),
        (pa.decimal256(60, 0), [decimal.Decimal(10**50)]),
        (pa.date32(), [dt.date(1969, 12, 31)]), (pa.date64(), [dt.date(2000, 1, 1)]),
        (pa.time64('us'), [dt.time(1, 2, 3, 4)]),
        (pa.timestamp('ms', 'Europe/Zurich'), [MOMENT]),
        (pa.timestamp('us', '+05:30'), [MOMENT]),
        (pa.duration('s'), [dt.timedelta(-1, 5)]),
        (pa.month_day_nano_interval(), [pa.MonthDayNano([1, -2, 3])]),
        (pa.null(), [None]), (pa.uuid(), [uuid.UUID(int=2**100 + 7)]),
        (pa.json_(), ['{}']), (pa.bool8(), [0, 2])]

def cut(build, num_rows):
    """What `build` makes for more rows, sliced."""
    before, after = R.choice([0, 0, 1, 3, 8, 9]), R.choice([0, 2])
    return build(before + num_rows + after).slice(before, num_rows)

def mask(num_rows):
    share = R.choice([0, 0, 0.3, 1])
    return pa.array([R.random() < share for _ in range(num_rows)], pa.bool_())

def flat(num_rows, nulls=True):
    type_, values = R.choice(FLAT if nulls else FLAT[:9])
    values = values + [None] * (nulls and R.random() < 0.7)
    return cut(lambda n: pa.array([R.choice(values) for _ in range(n)], type_), num_rows)

def offsets(num_rows, type_):
    ends = [R.choice([0, 0, 2])]
    for _ in range(num_rows):
        ends.append(ends[-1] + R.choice([0, 1, 2, 5]))
    return pa.array(ends, type_), ends[-1]

def a_list(n, child):
    cls, index = R.choice([(pa.ListArray, pa.int32()), (pa.LargeListArray, pa.int64())])
    ends, used = offsets(n, index)
    return cls.from_arrays(ends, child(used + 2), mask=mask(n))

def a_list_view(n, child):
    cls, index = R.choice([(pa.ListViewArray, pa.int32()),
                           (pa.LargeListViewArray, pa.int64())])
    starts = [R.randrange(5, 12) for _ in range(n)]
    sizes = [R.randrange(0, 4) for _ in range(n)]
    return cls.from_arrays(pa.array(starts, index), pa.array(sizes, index), child(20),
                           mask=mask(n))

def a_fixed_size_list(n, child):
    size = R.choice([1, 2, 3])
    return pa.FixedSizeListArray.from_arrays(child(n * size), size, mask=mask(n))

def a_struct(n, child):
    names = ['a', 'bé', 'c', 'd', 'e', 'f', 'g'][:R.choice([1, 2, 7])]
    return pa.StructArray.from_arrays([child(n) for _ in names], names, mask=mask(n))

def a_map(n, child):
    ends, used = offsets(n, pa.int32())
    keys = flat(used + 1, nulls=False)
    return pa.MapArray.from_arrays(ends, keys, child(used + 1), mask=mask(n))

def a_dictionary(n, child):
    index = R.choice([pa.int8(), pa.uint8(), pa.int16(), pa.uint16(), pa.int32(),
                      pa.uint32(), pa.int64(), pa.uint64()])
    size = R.choice([1, 5, 120])
    rows = [None if hidden else R.randrange(size) for hidden in mask(n).to_pylist()]
    # pyarrow ends the process at a null of a dictionary of anything but simple values.
    values = flat(size, nulls=False)
    return pa.DictionaryArray.from_arrays(pa.array(rows, index), values)

def a_dictionary_of_anything(n, child):
    rows = [None if hidden else R.randrange(9) for hidden in mask(n).to_pylist()]
    return pa.DictionaryArray.from_arrays(pa.array(rows, pa.int32()), child(9))

def a_run_end_encoded(n, child):
    index = R.choice([pa.int16(), pa.int32(), pa.int64()])
    ends = sorted(R.sample(range(1, n + 9), R.randrange(1, 5))) + [n + 9]
    runs = pa.array(ends, index)
    return pa.RunEndEncodedArray.from_arrays(runs, child(len(ends))).slice(0, n)

class Tagged(pa.ExtensionType):
    def __init__(self, storage):
        super().__init__(storage, 'springald.test.tagged')
    def __arrow_ext_serialize__(self):
        return b''
    @classmethod
    def __arrow_ext_deserialize__(cls, storage, serialized):
        return cls(storage)

class LoudScalar(pa.ExtensionScalar):
    def as_py(self, *, maps_as_pydicts=None):
        return ('loud', super().as_py())

class Loud(Tagged):
    def __arrow_ext_scalar_class__(self):
        return LoudScalar

def an_extension(n, child):
    storage = child(n)
    while isinstance(storage, (pa.ExtensionArray, pa.DictionaryArray)):
        storage = child(n)
    return pa.ExtensionArray.from_storage(R.choice([Tagged, Loud])(storage.type), storage)

KINDS = [a_list, a_list_view, a_fixed_size_list, a_struct, a_map, a_dictionary,
         a_run_end_encoded, an_extension]

def column_of(depth, num_rows=None, kind=None):
    num_rows = R.choice([0, 1, 8, 20]) if num_rows is None else num_rows
    if depth == 0:
        return flat(num_rows)
    build = kind or R.choice(KINDS)
    child = lambda n: column_of(depth - 1, n)
    return cut(lambda n: build(n, child), num_rows)

def made(count, build):
    columns = []
    while len(columns) < count:
        try:
            column = build()
            column.validate(full=True)
            column.to_pylist()
        except (pa.ArrowNotImplementedError, NotImplementedError):
            continue  # pyarrow itself cannot
        columns.append(column)
    return columns
)";

class NestedBoxerTest : public BoxerTest {
 protected:
  NestedBoxerTest() { python_.Run(kRandomColumns); }
};

TEST_F(NestedBoxerTest, GivesWhatToPylistGivesForEachKindOfEachType) {
  python_.Run(
      "columns = [c for kind in KINDS for c in made(60, "
      "lambda: column_of(1, kind=kind))]");
  ExpectSame("columns", 400);
}

TEST_F(NestedBoxerTest, GivesWhatToPylistGivesToDepthFive) {
  for (const char* depth : {"2", "3", "4", "5"}) {
    python_.Run(std::string("columns = made(100, lambda: column_of(") + depth + "))");
    ExpectSame("columns", 100);
  }
}

TEST_F(NestedBoxerTest, DictionariesMayHoldAnything) {
  python_.Run(
      "columns = [column_of(depth, kind=a_dictionary_of_anything)"
      " for depth in (1, 1, 2, 3, 4) for _ in range(30)]");
  ExpectSame("columns", 150,
             "[None if i is None else column.dictionary[i].as_py()"
             " for i in column.indices.to_pylist()]");
}

TEST_F(NestedBoxerTest, SlicesOfSlicesAreTheirOwnRows) {
  python_.Run(
      "columns = [s for c in made(40, lambda: column_of(2, 20)) "
      "for s in (c.slice(5).slice(2, 9), c.slice(19), c.slice(20), c.slice(3, 0))]");
  ExpectSame("columns", 160);
}

TEST_F(NestedBoxerTest, FixedShapeTensorsAreListsOfTheirValues) {
  python_.Run(
      "type_ = pa.fixed_shape_tensor(pa.float32(), [2, 2])\n"
      "storage = pa.array([[1, 2, 3, 4], None, [5, 6, 7, None]], type_.storage_type)\n"
      "tensors = pa.ExtensionArray.from_storage(type_, storage)");
  ExpectSame("[tensors, tensors.slice(1)]", 2);
}

TEST_F(NestedBoxerTest, ValuesUnderNullsAreNotLookedAt) {
  python_.Run(R"(
raw = pa.array([b'\xff', b'ok', b'\xff'], pa.binary())
texts = pa.Array.from_buffers(pa.utf8(), 3, raw.buffers())
days = pa.array([2**31 - 1, 0, 2**31 - 1], pa.int32()).view(pa.date32())
hidden = pa.array([True, False, True])
columns = []
for child in (texts, days):
    columns.append(pa.StructArray.from_arrays([child], ['a'], mask=hidden))
    columns.append(pa.FixedSizeListArray.from_arrays(child, 1, mask=hidden))
    columns.append(pa.ListArray.from_arrays(pa.array([0, 1, 2, 3], pa.int32()), child,
                                            mask=hidden))
    columns.append(pa.DictionaryArray.from_arrays(pa.array([None, 1, 1]), child))
columns.append(pa.RunEndEncodedArray.from_arrays([1, 2, 3], days).slice(1, 1))
)");
  ExpectSame("columns", 9);
}

TEST_F(NestedBoxerTest, AnErrorInsideNamesTheRowOfTheOutside) {
  python_.Run(R"(
days = pa.array([0, 0, 2**31 - 1, 0], pa.int32()).view(pa.date32())
lists = pa.ListArray.from_arrays(pa.array([0, 1, 1, 4], pa.int32()), days)
structs = pa.StructArray.from_arrays([pa.array([1, 2, 3, 4]), days], ['n', 'd'])
ends = pa.array([0, 1, 2, 4], pa.int32())
maps = pa.MapArray.from_arrays(ends, pa.array([1, 2, 3, 4]), days)
keyed = pa.MapArray.from_arrays(ends, days, pa.array([1, 2, 3, 4]))
deep = pa.StructArray.from_arrays([lists], ['l'])
)");
  for (const char* column :
       {"lists", "structs", "maps", "keyed", "deep",
        "pa.DictionaryArray.from_arrays(pa.array([1, 1, 2]), days)",
        "pa.RunEndEncodedArray.from_arrays([1, 2, 3, 4], days)",
        "pa.ListViewArray.from_arrays(pa.array([3, 0, 1], pa.int32()), "
        "pa.array([1, 1, 2], pa.int32()), days)",
        "pa.ExtensionArray.from_storage(Loud(days.type), days)"}) {
    const bool is_loud = std::string(column).find("Loud") != std::string::npos;
    ExpectRaises(column, 2, PyExc_OverflowError,
                 is_loud ? "magnitude <= 999999999" : "date32 value 2147483647");
  }
}

TEST_F(NestedBoxerTest, StructsWithTwoFieldsOfANameAreAnErrorAsForPyarrow) {
  python_.Run(
      "twice = pa.StructArray.from_arrays([pa.array([1, 2]), pa.array([3, 4])],"
      " ['a', 'a'], mask=pa.array([True, False]))");
  ExpectRaises("twice", 1, PyExc_ValueError, "several fields named 'a'");
  python_.Run(
      "raised = None\n"
      "try:\n"
      "  twice.to_pylist()\n"
      "except ValueError as error:\n"
      "  raised = error");
  EXPECT_TRUE(python_.IsTrue("raised is not None"));
  ExpectSame("[twice.slice(0, 1)]", 1);
}

TEST_F(NestedBoxerTest, EntriesOfAMapThatAreASliceAreFoundThere) {
  // The map's own view of its keys and values starts at the first entry of all there,
  // so the values of single rows are what is right.
  python_.Run(R"(
entries = pa.array([{'key': 'a', 'value': 1}, {'key': 'b', 'value': 2},
                    {'key': 'c', 'value': 3}],
                   pa.struct([pa.field('key', pa.utf8(), False), ('value', pa.int8())]))
ends = pa.array([0, 2], pa.int32()).buffers()[1]
sliced = pa.Array.from_buffers(pa.map_(pa.utf8(), pa.int8()), 1, [None, ends],
                               children=[entries.slice(1)])
)");
  ExpectSame("[sliced]", 1, "[v.as_py() for v in column]");
}

TEST_F(NestedBoxerTest, AnIndexOutsideTheDictionaryIsAnError) {
  python_.Run(
      "bad = pa.DictionaryArray.from_arrays(pa.array([0, 2, 0], pa.int8()),"
      " pa.array([2**31 - 1, 0], pa.int32()).view(pa.date32()), safe=False)");
  ExpectRaises("bad.slice(1)", 0, PyExc_IndexError,
               "index 2 is outside a dictionary of 2 values");
}

TEST_F(NestedBoxerTest, RowsShareWhatNobodyCanChangeAndNothingElse) {
  python_.Run(R"(
kept = []
def given(values):
    return all(v is kept[0] for v in kept) == (values == 'shared')
texts = pa.array(['only'])
lists = pa.array([[1]])
rows = pa.array([0, 0, 0], pa.int8())
)");
  const PyRef keep = python_.Eval("kept.extend");
  const auto expect = [this, &keep](const std::string& column, const char* which) {
    python_.Run("kept.clear()");
    BoxInBlocks(python_.Column(column), 2, keep.get());
    EXPECT_TRUE(python_.IsTrue(std::string("len(kept) == 3 and given('") + which + "')"))
        << column;
  };
  expect("pa.DictionaryArray.from_arrays(rows, texts)", "shared");
  expect("pa.RunEndEncodedArray.from_arrays([3], texts)", "shared");
  expect("pa.DictionaryArray.from_arrays(rows, lists)", "apart");
  expect("pa.RunEndEncodedArray.from_arrays([3], lists)", "apart");
  expect("pa.RunEndEncodedArray.from_arrays([3], pa.array([{'a': 1}]))", "apart");
  expect(
      "pa.DictionaryArray.from_arrays(rows, pa.array([[('a', 1)]], "
      "pa.map_(pa.utf8(), pa.int8())))",
      "apart");
}

TEST_F(NestedBoxerTest, WhatIsMadeIsFoundByTheGarbageCollector) {
  python_.Run(
      "import gc\n"
      "kept = []\n"
      "nested = pa.array([{'a': [[1]], 'm': [('k', [2])]}],"
      " pa.struct([('a', pa.list_(pa.list_(pa.int8()))),"
      "            ('m', pa.map_(pa.utf8(), pa.list_(pa.int8())))]))");
  const PyRef keep = python_.Eval("kept.extend");
  BoxInBlocks(python_.Column("nested"), 1, keep.get());
  EXPECT_TRUE(
      python_.IsTrue("all(gc.is_tracked(v) for v in (kept[0], kept[0]['a'],"
                     " kept[0]['a'][0], kept[0]['m'], kept[0]['m'][0]))"));
}

TEST_F(NestedBoxerTest, LeavesNothingBehind) {
  python_.Run(R"(
import gc, sys
# pyarrow loses an object each time it makes the zone of an offset.
FLAT = [(t, v) for t, v in FLAT if '+05:30' not in str(t)]
good = [c for kind in KINDS for c in made(3, lambda: column_of(3, 9, kind))]
days = pa.array([0, 0, 2**31 - 1, 0], pa.int32()).view(pa.date32())
bad = [pa.ListArray.from_arrays(pa.array([0, 4, 4], pa.int32()), days),
       pa.MapArray.from_arrays(pa.array([0, 4, 4], pa.int32()), pa.array(list('abcd')),
                               days),
       pa.StructArray.from_arrays([pa.array([300, 400, 500, 600]), days], ['n', 'd'])]
bad += [pa.ListArray.from_arrays(pa.array([0, 1, len(b)], pa.int32()), b) for b in bad]

def references():
    gc.collect()
    return [sys.getrefcount(v) for v in (None, True, False, uuid.UUID, dt.date)]
)");
  const PyRef good = python_.Eval("good");
  const PyRef bad = python_.Eval("bad");
  const PyRef ignore = python_.Eval("lambda block: None");
  const auto box_all = [this, &good, &bad, &ignore] {
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(good.get()); ++i) {
      BoxInBlocks(UnwrapArray(PyList_GET_ITEM(good.get(), i)), 7, ignore.get());
    }
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(bad.get()); ++i) {
      const auto column = UnwrapArray(PyList_GET_ITEM(bad.get(), i));
      std::vector<PyObject*> values(static_cast<std::size_t>(column->length()), nullptr);
      EXPECT_LT(MakeBoxer(*column->data())
                    .ValueOrDie()
                    ->Box(0, column->length(), values.data()),
                column->length());
      PyErr_Clear();
      for (PyObject* value : values) {
        Py_XDECREF(value);
      }
    }
  };
  // What one object or reference in each round would be; other parts of the interpreter
  // allocate and release too, so that only the quietest time counts.
  constexpr int kRounds = 100;
  python_.Run("lost, gained = [], []");
  for (int time = 0; time < 4; ++time) {
    python_.Run("before, blocks = references(), sys.getallocatedblocks()");
    for (int i = 0; i < kRounds; ++i) {
      box_all();
    }
    python_.Run(
        "gained.append(max(a - b for a, b in zip(references(), before)))\n"
        "lost.append(sys.getallocatedblocks() - blocks)");
  }
  EXPECT_TRUE(python_.IsTrue("min(gained) < 75")) << python_.Text("gained");
  EXPECT_TRUE(python_.IsTrue("min(lost) < 75")) << python_.Text("lost");
}

}  // namespace

}  // namespace springald::python
