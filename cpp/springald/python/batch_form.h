#pragma once

#include <cstdint>

#include "springald/python/py_ref.h"

namespace springald::python {

/// A row function as one function over many rows, where it has such a form: see
/// python/springald/inlining.py. Safe for use from many threads, under the GIL.
class BatchForm {
 public:
  /// The form of no function.
  BatchForm() = default;

  /// Asks `springald.inlining` for the form of `callable`. There is none where that
  /// module says so or is not there. REQUIRES: the GIL; keeps no exception set.
  static BatchForm Of(PyObject* callable, std::size_t num_arguments);

  /// Says whether the form may stand for the function now: it has one, its code is still
  /// the same, and nobody observes calls. REQUIRES: the GIL; keeps no exception set.
  bool IsUsable(PyObject* callable) const;

  /// Returns a Python iterator for SetRows, which is at its end; null with an exception
  /// set where there is no memory. REQUIRES: the GIL and IsUsable().
  PyRef NewIterator() const;

  /// Returns the list of the results for the rows of `iterator`; null with an exception
  /// set where one fails. REQUIRES: the GIL and IsUsable().
  PyRef Run(PyObject* iterator) const;

 private:
  PyRef function_;
  PyRef code_;
  PyRef is_observed_;
  PyRef iterator_type_;
};

/// Lets an iterator of BatchForm run over the rows of one block of boxed arguments. A row
/// is the value itself where there is one argument, else a tuple, made over where it can
/// be.
///
/// The value of argument `j` in row `i` is `values[j * stride + i]`; borrowed until the
/// iterator is at its end or set again. REQUIRES: the GIL.
void SetRows(PyObject* iterator, PyObject* const* values, std::size_t num_arguments,
             std::size_t stride, int64_t num_rows);

}  // namespace springald::python
