#include "springald/backend/backend.h"

#include "springald/python/pyarrow_bridge.h"

namespace springald {

arrow::Result<python::PyRef> BackendFunction::Call(const Batch& batch,
                                                   std::span<PyObject* const>,
                                                   CancelToken& cancel) const {
  ARROW_ASSIGN_OR_RAISE(const auto column, Invoke(batch, cancel));
  return python::WrapArray(column);
}

std::string BackendFunction::Output() const { return {}; }

arrow::Status BackendFunction::EndStream(int64_t, bool) const {
  return arrow::Status::OK();
}

}  // namespace springald
