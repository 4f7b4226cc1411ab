#include "springald/python/py_ref.h"

#include <thread>
#include <utility>

#include <gtest/gtest.h>

namespace springald::python {

namespace {

/// An object whose reference count the test knows: one is held here.
class PyRefTest : public testing::Test {
 protected:
  Py_ssize_t NumOthers() const { return Py_REFCNT(object_) - 1; }
  void TearDown() override {
    EXPECT_EQ(NumOthers(), 0) << "a reference leaked, or was dropped twice";
    Py_DECREF(object_);
  }

  PyObject* const object_ = PyList_New(0);
};

TEST_F(PyRefTest, BorrowAddsAReferenceAndStealDoesNot) {
  {
    const PyRef borrowed = PyRef::Borrow(object_);
    EXPECT_EQ(borrowed.get(), object_);
    EXPECT_EQ(NumOthers(), 1);
    Py_INCREF(object_);
    const PyRef stolen = PyRef::Steal(object_);
    EXPECT_EQ(NumOthers(), 2);
  }
  EXPECT_EQ(NumOthers(), 0);
}

TEST_F(PyRefTest, NullIsAllowedEverywhere) {
  PyRef empty;
  EXPECT_FALSE(empty);
  EXPECT_FALSE(PyRef::Borrow(nullptr));
  EXPECT_FALSE(PyRef::Steal(nullptr));
  EXPECT_EQ(empty.release(), nullptr);
  empty.Reset();
  empty = PyRef();
  EXPECT_EQ(empty.get(), nullptr);
}

TEST_F(PyRefTest, MovingLeavesTheSourceEmpty) {
  PyRef source = PyRef::Borrow(object_);
  const PyRef target = std::move(source);
  EXPECT_FALSE(source);  // NOLINT(bugprone-use-after-move)
  EXPECT_TRUE(target);
  EXPECT_EQ(NumOthers(), 1);
}

TEST_F(PyRefTest, AssigningOverAFullOneDropsWhatItHeld) {
  PyObject* const other = PyList_New(0);
  PyRef target = PyRef::Borrow(object_);
  target = PyRef::Borrow(other);
  EXPECT_EQ(NumOthers(), 0);
  EXPECT_EQ(Py_REFCNT(other), 2);
  target = PyRef();
  EXPECT_EQ(Py_REFCNT(other), 1);
  Py_DECREF(other);
}

TEST_F(PyRefTest, AssigningItToItselfKeepsTheReference) {
  PyRef ref = PyRef::Borrow(object_);
  PyRef& same = ref;
  ref = std::move(same);
  EXPECT_EQ(ref.get(), object_);
  EXPECT_EQ(NumOthers(), 1);
}

TEST_F(PyRefTest, ReleaseHandsTheReferenceOver) {
  PyObject* handed_over = nullptr;
  {
    PyRef ref = PyRef::Borrow(object_);
    handed_over = ref.release();
    EXPECT_FALSE(ref);
  }
  EXPECT_EQ(NumOthers(), 1);
  Py_DECREF(handed_over);
}

TEST_F(PyRefTest, IsDestroyedAndMovedWithoutTheGil) {
  PyRef ref = PyRef::Borrow(object_);
  PyRef full = PyRef::Borrow(object_);
  {
    const GilRelease release;
    std::thread([ref = std::move(ref), full = std::move(full)]() mutable {
      full = std::move(ref);
      EXPECT_EQ(PyGILState_Check(), 0);
    }).join();
    EXPECT_EQ(PyGILState_Check(), 0);
  }
  EXPECT_EQ(NumOthers(), 0);
}

TEST_F(PyRefTest, ResetMayRunCodeThatSeesItEmpty) {
  static const PyRef* seen = nullptr;
  static bool was_empty = false;
  PyRef capsule = PyRef::Steal(PyCapsule_New(
      this, "springald.test", [](PyObject*) { was_empty = seen->get() == nullptr; }));
  seen = &capsule;
  capsule.Reset();
  EXPECT_TRUE(was_empty);
}

TEST_F(PyRefTest, LeaksSilentlyOncePythonIsDown) {
  // Destroyed after the last test: were the object touched then, the process would
  // end by a signal, and the run of this suite fail.
  static PyRef* last = new PyRef(PyRef::Steal(PyList_New(0)));
  ASSERT_EQ(Py_AtExit([] { delete last; }), 0);
}

}  // namespace

}  // namespace springald::python
