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

nanobind::object WrapSchema(const std::shared_ptr<arrow::Schema>& schema);
nanobind::object WrapField(const std::shared_ptr<arrow::Field>& field);

/// Returns the array of a `pyarrow.Array`, or null for any other object.
std::shared_ptr<arrow::Array> UnwrapArray(nanobind::handle array);

/// Throws a Python RuntimeError that says what `status` says, unless it is OK.
void ThrowNotOk(const arrow::Status& status);

/// One result column on its way to the engine: `__arrow_c_array__` hands it over,
/// once. Owns the C struct.
class Column {
 public:
  Column(std::shared_ptr<arrow::Field> field, ArrowArray array)
      : field_(std::move(field)), array_(array) {}
  ~Column();
  Column(Column&& other) noexcept;
  Column& operator=(Column&&) = delete;
  Column(const Column&) = delete;
  Column& operator=(const Column&) = delete;

  /// Returns the capsules `arrow_schema` and `arrow_array` of the Arrow PyCapsule
  /// interface. The schema that is requested is not looked at: the column already has
  /// the type that its definition promises.
  nanobind::tuple ToCapsules();

 private:
  const std::shared_ptr<arrow::Field> field_;
  ArrowArray array_;
};

}  // namespace springald::bindings
