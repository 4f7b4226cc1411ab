#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "springald/python/box/boxer.h"
#include "springald/python/python_testing.h"

namespace springald::python {

/// Names for the Python text of tests: `describe` makes values comparable, NaN and the
/// class of each included; `forms` makes several columns of the same values.
inline constexpr const char* kBoxerNames = R"(
import datetime as dt
import decimal
import random
import uuid

def describe(values):
    return [(type(v), repr(v), getattr(v, 'fold', 0)) for v in values]

def slices(full):
    yield full
    for offset in (1, 3, 7, 8, 13):
        yield full.slice(offset)
        yield full.slice(offset, 5)
        yield full.slice(offset, 0)

def forms(type_, values):
    values = list(values) * (40 // len(values) + 1)
    some = [None if i % 3 == 1 else v for i, v in enumerate(values)]
    yield pa.array([None] * 9, type_)
    yield pa.array([], type_)
    for column in (pa.array(values, type_), pa.array(some, type_)):
        yield from slices(column)
)";

class BoxerTest : public PythonTest {
 protected:
  BoxerTest() { python_.Run(kBoxerNames); }

  /// Boxes the column in blocks, with the values of one block given to the next.
  /// `take` is called with a tuple of each block's values.
  void BoxInBlocks(const std::shared_ptr<arrow::Array>& column, int64_t num_block_rows,
                   PyObject* take) {
    const auto boxer = MakeBoxer(*column->data()).ValueOrDie();
    std::vector<PyObject*> values(static_cast<std::size_t>(num_block_rows), nullptr);
    for (int64_t first = 0; first < column->length(); first += num_block_rows) {
      const int64_t num_rows = std::min(num_block_rows, column->length() - first);
      ASSERT_EQ(boxer->Box(first, num_rows, values.data()), num_rows)
          << TakeException(UdfErrorCode::kInternal).message;
      const PyRef block = PyRef::Steal(PyTuple_New(num_rows));
      for (int64_t i = 0; i < num_rows; ++i) {
        Py_INCREF(values[static_cast<std::size_t>(i)]);
        PyTuple_SET_ITEM(block.get(), i, values[static_cast<std::size_t>(i)]);
      }
      ASSERT_TRUE(PyRef::Steal(PyObject_CallOneArg(take, block.get())));
    }
    for (PyObject* value : values) {
      Py_XDECREF(value);
    }
  }

  /// Boxes each of the columns in the list `columns`, of which there are at least
  /// `min_columns`, and compares with what the Python expression `expected` gives for
  /// `column`. Values are looked at after each block, and once more at the end: those
  /// that somebody has must never change.
  void ExpectSame(const std::string& columns, Py_ssize_t min_columns,
                  const std::string& expected = "column.to_pylist()") {
    const PyRef list = python_.Eval(columns);
    ASSERT_TRUE(list);
    ASSERT_GE(PyList_GET_SIZE(list.get()), min_columns);
    python_.Run("described, kept = [], []");
    const PyRef describe =
        python_.Eval("lambda block: described.extend(describe(block))");
    const PyRef keep = python_.Eval("kept.extend");
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(list.get()); ++i) {
      PyObject* column = PyList_GET_ITEM(list.get(), i);
      python_.Set("column", column);
      python_.Run("described.clear(); kept.clear()");
      BoxInBlocks(UnwrapArray(column), 7, describe.get());
      BoxInBlocks(UnwrapArray(column), 3, keep.get());
      python_.Run("expected = describe(" + expected + ")");
      ASSERT_TRUE(python_.IsTrue("described == expected == describe(kept)"))
          << python_.Text("(column.type, column.offset, column, kept, expected)");
    }
  }

  /// Boxes all rows; expects an exception of `type` at `row` whose text holds `piece`.
  void ExpectRaises(const std::string& column, int64_t row, PyObject* type,
                    const std::string& piece) {
    const auto array = python_.Column(column);
    ASSERT_NE(array, nullptr);
    const auto boxer = MakeBoxer(*array->data()).ValueOrDie();
    EXPECT_FALSE(boxer->NeverFails());
    std::vector<PyObject*> values(static_cast<std::size_t>(array->length()), nullptr);
    EXPECT_EQ(boxer->Box(0, array->length(), values.data()), row) << column;
    EXPECT_EQ(values[static_cast<std::size_t>(row)], nullptr);
    ASSERT_NE(PyErr_Occurred(), nullptr) << column;
    EXPECT_TRUE(PyErr_ExceptionMatches(type));
    const auto info = TakeException(UdfErrorCode::kExecution);
    EXPECT_NE(info.message.find(piece), std::string::npos) << info.message;
    for (PyObject* value : values) {
      Py_XDECREF(value);
    }
  }
};

}  // namespace springald::python
