#include "springald/python/constant_boxer.h"

#include <vector>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

class ConstantBoxerTest : public PythonTest {
 protected:
  ~ConstantBoxerTest() override {
    for (PyObject* value : values_) {
      Py_XDECREF(value);
    }
  }

  /// Boxes `num_rows` rows twice, as blocks of a batch are.
  int64_t Box(const std::string& column, int64_t num_rows) {
    column_ = python_.Column(column);
    auto boxer = MakeArgumentBoxer(*column_, num_rows).ValueOrDie();
    values_.assign(static_cast<std::size_t>(num_rows), nullptr);
    boxer->Box(0, num_rows, values_.data());
    return boxer->Box(num_rows, num_rows, values_.data());
  }

  std::shared_ptr<arrow::Array> column_;
  std::vector<PyObject*> values_;
};

TEST_F(ConstantBoxerTest, GivesOneObjectToAllRows) {
  ASSERT_EQ(Box("pa.array(['a long text'])", 3), 3);
  EXPECT_EQ(values_[0], values_[1]);
  EXPECT_EQ(values_[0], values_[2]);
  python_.Set("value", values_[2]);
  EXPECT_TRUE(python_.IsTrue("value == 'a long text'"));
}

TEST_F(ConstantBoxerTest, SaysWhichRowFails) {
  const std::string column =
      "pa.array([1], pa.int64()).cast(pa.timestamp('ns'))";  // no whole microsecond
  ASSERT_EQ(Box(column, 3), 0);
  EXPECT_EQ(values_[0], nullptr);
  EXPECT_NE(PyErr_Occurred(), nullptr);
  PyErr_Clear();
}

TEST_F(ConstantBoxerTest, BoxesTheOnlyRowOfABatch) {
  column_ = python_.Column("pa.array([1.5])");
  auto boxer = MakeArgumentBoxer(*column_, 1).ValueOrDie();
  values_.assign(1, nullptr);
  ASSERT_EQ(boxer->Box(0, 1, values_.data()), 1);
  python_.Set("value", values_[0]);
  EXPECT_TRUE(python_.IsTrue("value == 1.5"));
}

}  // namespace

}  // namespace springald::python
