#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/base/cancel_token.h"
#include "springald/codec/encoded_definition.h"
#include "springald/python/py_ref.h"

namespace springald {

/// One batch of arguments.
struct Batch {
  arrow::ArrayVector columns;  ///< one per argument, each `num_rows` long
  int64_t num_rows = 0;
  /// One per argument, or none. A column that is true here has one row, which stands for
  /// `num_rows` equal ones; see constants.h.
  std::vector<bool> is_constant{};
  int64_t stream_id = 0;  ///< of the stream that the batch goes on with, or 0
};

/// How a backend computes the rows of a row-mode function.
struct Description {
  /// Null where the body is run without calls. Lent by the function, like the next.
  const char* not_inlined_reason = nullptr;
  const char* not_distinct_reason = nullptr;  ///< Null where equal rows may share a call.
  int64_t num_inlined_rows = 0;               ///< so far
  int64_t num_repeated_rows = 0;  ///< so far, rows that got the result of another row
};

/// A function that a backend has made ready. Safe for use from many threads.
class BackendFunction {
 public:
  virtual ~BackendFunction() = default;

  /// Runs the function over one batch: one batch in, one checked column out, of the
  /// definition's result type and `batch.num_rows` long.
  ///
  /// May be called with or without the GIL held. Fails with a UdfErrorDetail.
  virtual arrow::Result<std::shared_ptr<arrow::Array>> Invoke(
      const Batch& batch, CancelToken& cancel) const = 0;

  /// Does as Invoke for a caller that has the batch's columns as `pyarrow.Array`s, and
  /// wants one. `arrays` are borrowed; one per column.
  ///
  /// REQUIRES: the GIL.
  virtual arrow::Result<python::PyRef> Call(const Batch& batch,
                                            std::span<PyObject* const> arrays,
                                            CancelToken& cancel) const;

  /// Ends the stream that batches have named; `failed` where there were to be more.
  ///
  /// Fails with a UdfErrorDetail; the stream has ended all the same.
  virtual arrow::Status EndStream(int64_t stream_id, bool failed) const;

  virtual Description Describe() const = 0;

  /// The last lines that the function has printed, each with its end, where that is not
  /// to this process' own streams.
  virtual std::string Output() const;
};

/// A place where functions run. Safe for use from many threads.
class Backend {
 public:
  virtual ~Backend() = default;

  /// Makes the function of a definition that carries its payload ready to run.
  ///
  /// Fails with a UdfErrorDetail; see python/unpickle.h for the codes.
  virtual arrow::Result<std::shared_ptr<const BackendFunction>> Load(
      std::shared_ptr<const EncodedDefinition> definition) = 0;
};

}  // namespace springald
