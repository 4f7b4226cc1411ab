#include "arrow_exchange.h"

#include <utility>

#include <arrow/c/bridge.h>
#include <arrow/python/pyarrow.h>

namespace nb = nanobind;

namespace springald::bindings {

void ThrowNotOk(const arrow::Status& status) {
  if (!status.ok()) {
    throw std::runtime_error(status.ToString());
  }
}

void ExportSchema(nb::handle schema, ArrowSchema* out) {
  auto unwrapped = arrow::py::unwrap_schema(schema.ptr());
  if (!unwrapped.ok()) {
    throw nb::type_error("expected a pyarrow.Schema");
  }
  ThrowNotOk(arrow::ExportSchema(**unwrapped, out));
}

void ExportField(nb::handle field, ArrowSchema* out) {
  auto unwrapped = arrow::py::unwrap_field(field.ptr());
  if (!unwrapped.ok()) {
    throw nb::type_error("expected a pyarrow.Field");
  }
  ThrowNotOk(arrow::ExportField(**unwrapped, out));
}

void ExportArray(nb::handle array, ArrowArray* out) {
  auto unwrapped = arrow::py::unwrap_array(array.ptr());
  if (!unwrapped.ok()) {
    throw nb::type_error("expected a pyarrow.Array");
  }
  ThrowNotOk(arrow::ExportArray(**unwrapped, out));
}

nb::object ImportArray(ArrowArray* array, const std::shared_ptr<arrow::DataType>& type) {
  auto imported = arrow::ImportArray(array, type);
  ThrowNotOk(imported.status());
  return nb::steal(arrow::py::wrap_array(*imported));
}

nb::object WrapSchema(const std::shared_ptr<arrow::Schema>& schema) {
  return nb::steal(arrow::py::wrap_schema(schema));
}

nb::object WrapField(const std::shared_ptr<arrow::Field>& field) {
  return nb::steal(arrow::py::wrap_field(field));
}

}  // namespace springald::bindings
