#pragma once

#include <memory>

#include <arrow/api.h>
#include <arrow/c/abi.h>
#include <nanobind/nanobind.h>

namespace springald::bindings {

/// Puts `schema` (a `pyarrow.Schema`) into a C struct that the caller owns.
void ExportSchema(nanobind::handle schema, ArrowSchema* out);

/// Puts `field` (a `pyarrow.Field`) into a C struct that the caller owns.
void ExportField(nanobind::handle field, ArrowSchema* out);

/// Puts `array` (a `pyarrow.Array`) into a C struct that the caller owns.
void ExportArray(nanobind::handle array, ArrowArray* out);

/// Takes `array` over and makes a `pyarrow.Array` of `type` of it.
nanobind::object ImportArray(ArrowArray* array,
                             const std::shared_ptr<arrow::DataType>& type);

nanobind::object WrapSchema(const std::shared_ptr<arrow::Schema>& schema);
nanobind::object WrapField(const std::shared_ptr<arrow::Field>& field);

/// Throws a Python RuntimeError that says what `status` says, unless it is OK.
void ThrowNotOk(const arrow::Status& status);

}  // namespace springald::bindings
