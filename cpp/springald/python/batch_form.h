#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "springald/python/code_guard.h"
#include "springald/python/py_ref.h"

namespace springald::python {

/// A row function as one function over many rows, where it has such a form: see
/// python/springald/inlining.py. Safe for use from many threads, under the GIL.
class BatchForm {
 public:
  /// There is no form, for this reason.
  explicit BatchForm(std::string reason) : reason_(std::move(reason)) {}

  /// Asks `springald.inlining` for the form of `callable`. There is none where that
  /// module says so or is not there. REQUIRES: the GIL; keeps no exception set.
  static BatchForm Of(PyObject* callable, std::size_t num_arguments);

  /// Says whether the form may stand for the function now: it has one, what it was made
  /// of is still the same, and nobody observes calls. REQUIRES: the GIL; keeps no
  /// exception set.
  bool IsUsable(PyObject* callable) const;

  /// Why there is no form; empty where there is one.
  const std::string& reason() const { return reason_; }

  /// The positions of the arguments that a row of the form has.
  const std::vector<std::size_t>& used() const { return used_; }

  /// Returns a Python iterator for SetRows, which is at its end; null with an exception
  /// set where there is no memory. REQUIRES: the GIL and IsUsable().
  PyRef NewIterator() const;

  /// Returns the list of the results for the rows of `iterator`; null with an exception
  /// set where one fails. REQUIRES: the GIL and IsUsable().
  PyRef Run(PyObject* iterator) const;

 private:
  bool Take(PyObject* form, PyObject* callable);

  std::string reason_;
  std::vector<std::size_t> used_;
  PyRef function_;
  CodeGuard guard_;
  PyRef iterator_type_;
};

/// Lets an iterator of BatchForm run over the rows of one block of boxed arguments. A row
/// is the value itself where there is one argument in `used`, else a tuple, made over
/// where it can be.
///
/// The value of argument `j` in row `i` is `values[j * stride + i]`. Rows for which
/// `skipped` is true are left out; it may be null. `values`, `used` and `skipped` are
/// borrowed until the iterator is at its end or set again. REQUIRES: the GIL.
void SetRows(PyObject* iterator, PyObject* const* values,
             const std::vector<std::size_t>& used, std::size_t stride, int64_t num_rows,
             const bool* skipped);

}  // namespace springald::python
