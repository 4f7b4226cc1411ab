#include "arrow_exchange.h"

#include <utility>

#include <arrow/c/bridge.h>
#include <arrow/python/pyarrow.h>

namespace nb = nanobind;

namespace springald::bindings {

namespace {

template <typename Struct>
void ReleaseCapsule(PyObject* capsule) {
  auto* data =
      static_cast<Struct*>(PyCapsule_GetPointer(capsule, PyCapsule_GetName(capsule)));
  if (data->release != nullptr) {
    data->release(data);
  }
  delete data;
}

template <typename Struct>
nb::object NewCapsule(std::unique_ptr<Struct> data, const char* name) {
  PyObject* capsule = PyCapsule_New(data.get(), name, ReleaseCapsule<Struct>);
  if (capsule == nullptr) {
    if (data->release != nullptr) {
      data->release(data.get());
    }
    nb::raise_python_error();
  }
  data.release();
  return nb::steal(capsule);
}

}  // namespace

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

nb::object WrapSchema(const std::shared_ptr<arrow::Schema>& schema) {
  return nb::steal(arrow::py::wrap_schema(schema));
}

nb::object WrapField(const std::shared_ptr<arrow::Field>& field) {
  return nb::steal(arrow::py::wrap_field(field));
}

std::shared_ptr<arrow::Array> UnwrapArray(nb::handle array) {
  if (!arrow::py::is_array(array.ptr())) {
    return nullptr;
  }
  return arrow::py::unwrap_array(array.ptr()).ValueOr(nullptr);
}

Column::Column(Column&& other) noexcept : field_(other.field_), array_(other.array_) {
  other.array_.release = nullptr;
}

Column::~Column() {
  if (array_.release != nullptr) {
    array_.release(&array_);
  }
}

nb::tuple Column::ToCapsules() {
  if (array_.release == nullptr) {
    throw std::runtime_error("the column has been handed over already");
  }
  auto schema = std::make_unique<ArrowSchema>();
  ThrowNotOk(arrow::ExportField(*field_, schema.get()));
  nb::object schema_capsule = NewCapsule(std::move(schema), "arrow_schema");
  auto array = std::make_unique<ArrowArray>(array_);
  array_.release = nullptr;
  return nb::make_tuple(std::move(schema_capsule),
                        NewCapsule(std::move(array), "arrow_array"));
}

}  // namespace springald::bindings
