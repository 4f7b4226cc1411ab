#include <gtest/gtest.h>

#include "springald/python/python_testing.h"
#include "springald/result/column_check.h"

namespace springald {

namespace {

using python::DefinitionOf;
using python::PythonTest;

/// Columns of nested and extension types, which pyarrow makes.
class NestedCheckTest : public PythonTest {
 protected:
  void SetUp() override {
    python_.Run(
        "import uuid\n"
        "U = uuid.UUID(int=5)\n"
        "def field(*arguments): return pa.field(*arguments, nullable=False)\n"
        "EITHER = pa.dense_union([pa.field('a', pa.int8()), pa.field('b', pa.utf8())])\n"
        "WHOLE = pa.UnionArray.from_dense(pa.array([0, 1], pa.int8()),\n"
        "                                 pa.array([0, 0], pa.int32()),\n"
        "                                 [pa.array([5], pa.int8()), pa.array(['x'])],\n"
        "                                 ['a', 'b'])\n");
  }

  /// Checks the column that `column` gives against the type that `type` gives.
  arrow::Result<std::shared_ptr<arrow::Array>> Check(const std::string& column,
                                                     const std::string& type,
                                                     UdfMode mode = UdfMode::kArrow) {
    const auto returned = python_.Column(column);
    return CheckColumn(DefinitionOf(mode, {}, python_.Type(type)), returned, {},
                       returned->length());
  }

  void ExpectTaken(const std::string& column, const std::string& type) {
    const auto checked = Check(column, type);
    ASSERT_TRUE(checked.ok()) << column << checked.status().ToString();
    EXPECT_TRUE((*checked)->ValidateFull().ok());
    EXPECT_TRUE((*checked)->type()->Equals(python_.Type(type), /*check_metadata=*/true))
        << (*checked)->type()->ToString(true);
    python_.Set("checked", *checked);
    EXPECT_TRUE(
        python_.IsTrue("checked.to_pylist() == pa.array(" + column + ").to_pylist()"))
        << column << (*checked)->ToString();
  }

  void ExpectRefused(const std::string& column, const std::string& type,
                     const std::string& piece) {
    ExpectUdfError(Check(column, type).status(), UdfErrorCode::kResult, piece);
  }
};

TEST_F(NestedCheckTest, PassesARightColumnOnAsItIs) {
  for (const char* text :
       {"pa.array([[1], None])", "pa.array([{'a': 1}])", "WHOLE",
        "pa.array([[('a', 1)]], pa.map_(pa.utf8(), pa.int8()))",
        "pa.array([U, None], pa.uuid())", "pa.array(['a', 'a']).dictionary_encode()"}) {
    const auto column = python_.Column(text);
    const auto definition = DefinitionOf(UdfMode::kArrow, {}, column->type());
    EXPECT_EQ(CheckColumn(definition, column, {}, column->length()).ValueOrDie(), column);
  }
}

TEST_F(NestedCheckTest, ConvertsEncodingsInsideOtherTypes) {
  ExpectTaken("pa.array([['a', None], None, []], pa.list_(pa.large_utf8()))",
              "pa.list_(pa.utf8())");
  ExpectTaken("pa.array([['a', None], None, []], pa.large_list(pa.string_view()))",
              "pa.list_view(pa.dictionary(pa.int8(), pa.utf8()))");
  ExpectTaken("pa.array([{'a': 'x'}, None], pa.struct([('a', pa.string_view())]))",
              "pa.struct([('a', pa.large_utf8())])");
  ExpectTaken(
      "pa.array([[('a', [1])]], pa.map_(pa.large_utf8(), pa.large_list(pa.int8())))",
      "pa.map_(pa.utf8(), pa.list_(pa.int8()))");
  ExpectTaken("pa.array([[], [None]], pa.list_(pa.null()))", "pa.list_(pa.utf8())");
}

TEST_F(NestedCheckTest, NamesAndMetadataOfFieldsAreThePromised) {
  ExpectTaken("pa.array([[1, 2]], pa.list_(pa.field('element', pa.int8())))",
              "pa.list_(pa.field('item', pa.int8(), metadata={'a': 'b'}))");
  ExpectTaken("pa.array([[1, 2]], pa.list_(pa.int8()))",
              "pa.list_(field('item', pa.int8()))");
  ExpectTaken("pa.array([{'a': 1}, None], pa.struct([field('a', pa.int8())]))",
              "pa.struct([('a', pa.int8())])");
}

TEST_F(NestedCheckTest, StorageAndExtensionStandForEachOther) {
  for (const char* type : {"pa.uuid()", "pa.json_()", "pa.bool8()",
                           "pa.fixed_shape_tensor(pa.int8(), [2])"}) {
    python_.Run(std::string("type_ = ") + type);
    python_.Run(
        "storage = pa.nulls(2, type_.storage_type)\nwrapped = pa.nulls(2, type_)");
    for (const char* form : {"%", "pa.list_(%)", "pa.struct([('a', %)])"}) {
      const auto of = [form](const std::string& inner) {
        std::string text = form;
        return text.replace(text.find('%'), 1, inner);
      };
      const auto storage = of("type_.storage_type");
      const auto wrapped = of("type_");
      for (const auto& [from, to] : {std::pair(storage, wrapped), {wrapped, storage}}) {
        const auto checked = Check("pa.nulls(2, " + from + ")", to);
        ASSERT_TRUE(checked.ok()) << checked.status().ToString();
        EXPECT_TRUE((*checked)->type()->Equals(python_.Type(to)));
      }
    }
  }
  ExpectRefused("pa.nulls(1, pa.json_())", "pa.uuid()", "wrong type");
  ExpectRefused("pa.nulls(1, pa.fixed_shape_tensor(pa.int8(), [4]))",
                "pa.fixed_shape_tensor(pa.int8(), [2, 2])", "wrong type");
}

TEST_F(NestedCheckTest, RefusesOtherTypesInside) {
  ExpectRefused("pa.array([[1]])", "pa.list_(pa.int8())",
                "wrong type: list<item: int64>, expected list<item: int8>");
  ExpectRefused("pa.array([{'a': 1}])", "pa.struct([('b', pa.int64())])", "wrong type");
  ExpectRefused("pa.array([{'a': 1}])",
                "pa.struct([('a', pa.int64()), ('b', pa.int8())])", "wrong type");
  ExpectRefused("pa.array([[1, 2]], pa.list_(pa.int8(), 2))", "pa.list_(pa.int8())",
                "wrong type");
  ExpectRefused("pa.array([[1, 2]], pa.list_(pa.int8(), 2))", "pa.list_(pa.int8(), 1)",
                "wrong type");
  ExpectRefused("WHOLE", "pa.dense_union([pa.field('a', pa.int8())])", "wrong type");
  ExpectRefused("pa.array([[('a', 1)]], pa.map_(pa.utf8(), pa.int8()))",
                "pa.map_(pa.utf8(), pa.int8(), keys_sorted=True)", "wrong type");
}

TEST_F(NestedCheckTest, ANullWhereAFieldPromisesNoneIsRefusedWithItsPath) {
  const struct {
    const char* column;
    const char* type;
    const char* path;
    int64_t row;
  } cases[] = {
      {"pa.array([[1], None, [2, None]])", "pa.list_(field('item', pa.int64()))",
       "a null in r.item,", 2},
      {"pa.array([{'a': 1}, None, {'a': None}])", "pa.struct([field('a', pa.int64())])",
       "a null in r.a,", 2},
      {"pa.array([[{'a': [1]}], [{'a': [2]}, {'a': [None]}]])",
       "pa.list_(pa.struct([pa.field('a', pa.large_list(field('x', pa.int64())))]))",
       "a null in r.item.a.x,", 1},
      {"pa.array([[('a', None)]], pa.map_(pa.utf8(), pa.int8()))",
       "pa.map_(pa.utf8(), field('value', pa.int8()))", "a null in r.entries.value,", 0},
      {"pa.array([[1, 2], [1, None]], pa.list_(pa.int8(), 2))",
       "pa.list_(field('item', pa.int8()), 2)", "a null in r.item,", 1},
      {"pa.array([['a'], ['a', None]], pa.list_(pa.dictionary(pa.int8(), pa.utf8())))",
       "pa.list_(field('item', pa.run_end_encoded(pa.int32(), pa.utf8())))",
       "a null in r.item,", 1},
      {"pa.array([[1], [None]]).slice(1)", "pa.list_(field('item', pa.int64()))",
       "a null in r.item,", 0},
  };
  for (const auto& [column, type, path, row] : cases) {
    for (const auto mode : {UdfMode::kArrow, UdfMode::kRow}) {
      const auto info =
          ExpectUdfError(Check(column, type, mode).status(), UdfErrorCode::kResult, path);
      EXPECT_EQ(info.row, row) << column;
    }
  }
}

TEST_F(NestedCheckTest, NullsThatNobodySeesAreNoNulls) {
  // A null struct over a null field; a null list over a null value; values of no list.
  ExpectTaken("pa.array([{'a': 1}, None])", "pa.struct([field('a', pa.int64())])");
  python_.Run(
      "hidden = pa.ListArray.from_arrays(pa.array([0, 1, 2]), pa.array([1, None, "
      "None]),\n"
      "                                  mask=pa.array([False, True]))");
  ExpectTaken("hidden", "pa.list_(field('item', pa.int64()))");
  ExpectTaken("hidden.slice(0, 1)", "pa.list_(field('item', pa.int64()))");
}

TEST_F(NestedCheckTest, NullsInsideEncodingsCount) {
  for (const char* column :
       {"pa.array(['a', None]).dictionary_encode('encode')",
        "pa.array(['a', None], pa.run_end_encoded(pa.int32(), pa.utf8()))"}) {
    const auto returned = python_.Column(column);
    UdfDefinition definition = DefinitionOf(UdfMode::kArrow, {}, returned->type());
    definition.result = arrow::field("r", returned->type(), /*nullable=*/false);
    const auto info = ExpectUdfError(CheckColumn(definition, returned, {}, 2).status(),
                                     UdfErrorCode::kResult, "returned a null");
    EXPECT_EQ(info.row, 1);
  }
}

TEST_F(NestedCheckTest, BrokenInsidesAreRefused) {
  python_.Run(
      "def lists(offsets, values=pa.array([1, 2, 3])):\n"
      "    buffer = pa.array(offsets, pa.int32()).buffers()[1]\n"
      "    return pa.Array.from_buffers(pa.list_(values.type), len(offsets) - 1,\n"
      "                                 [None, buffer], children=[values])\n"
      "def codes(indices):\n"
      "    return pa.DictionaryArray.from_arrays(pa.array(indices, pa.int8()),\n"
      "                                          pa.array(['a']), safe=False)\n"
      "text = pa.Array.from_buffers(pa.utf8(), 1, [None,\n"
      "    pa.py_buffer(bytes(4) + b'\\x01\\0\\0\\0'), pa.py_buffer(b'\\xff')])\n");
  ExpectRefused("lists([0, 3, 1])", "pa.list_(pa.int64())", "column is broken");
  ExpectRefused("lists([0, 9, 2])", "pa.list_(pa.int64())", "column is broken");
  ExpectRefused("lists([0, 3, 1])", "pa.large_list_view(pa.int64())", "column is broken");
  ExpectRefused("codes([0, 7])", "pa.utf8()", "column is broken");
  ExpectRefused("codes([-5])", "pa.dictionary(pa.int8(), pa.utf8())", "column is broken");
  ExpectRefused("lists([0, 1], text)", "pa.list_(pa.utf8())", "column is broken");
  ExpectRefused("pa.StructArray.from_arrays([text], ['a'])",
                "pa.struct([('a', pa.string_view())])", "column is broken");
}

TEST_F(NestedCheckTest, AnEncodingThatHasNoRoomIsAnError) {
  ExpectRefused("pa.array(range(200))", "pa.dictionary(pa.int8(), pa.int64())",
                "cannot be made a dictionary<values=int64, indices=int8, ordered=0>: "
                "dictionary<values=int64, indices=int8, ordered=0> cannot hold 200 "
                "different values, only 128");
  ExpectRefused("pa.array([1] * 40_000)", "pa.run_end_encoded(pa.int16(), pa.int64())",
                "cannot hold 40000 rows, only 32767");
}

}  // namespace

}  // namespace springald
