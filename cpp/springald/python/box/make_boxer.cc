#include "springald/base/udf_error.h"
#include "springald/python/box/boxer.h"
#include "springald/python/box/type_families.h"

namespace springald::python {

arrow::Result<std::unique_ptr<Boxer>> MakeBoxer(const arrow::ArrayData& column) {
  const arrow::DataType& type = *column.type;
  if (!BoxerSupports(type)) {
    return MakeUdfError(UdfErrorCode::kInvalidDefinition,
                        "row mode cannot be given values of type " + type.ToString() +
                            ": " + BoxerRefusal(type));
  }
  switch (type.id()) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::FIXED_SIZE_BINARY:
      return MakeStringBoxer(column);
    case arrow::Type::DECIMAL32:
    case arrow::Type::DECIMAL64:
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return MakeDecimalBoxer(column);
    case arrow::Type::DATE32:
    case arrow::Type::DATE64:
    case arrow::Type::TIME32:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
      return MakeMomentBoxer(column);
    case arrow::Type::DURATION:
    case arrow::Type::INTERVAL_MONTH_DAY_NANO:
      return MakeDurationBoxer(column);
    case arrow::Type::LIST:
    case arrow::Type::LARGE_LIST:
    case arrow::Type::LIST_VIEW:
    case arrow::Type::LARGE_LIST_VIEW:
    case arrow::Type::FIXED_SIZE_LIST:
    case arrow::Type::MAP:
      return MakeListBoxer(column);
    case arrow::Type::STRUCT:
      return MakeStructBoxer(column);
    case arrow::Type::DICTIONARY:
      return MakeDictionaryBoxer(column);
    case arrow::Type::RUN_END_ENCODED:
      return MakeRunEndBoxer(column);
    case arrow::Type::EXTENSION:
      return MakeExtensionBoxer(column);
    default:
      return MakeNumberBoxer(column);
  }
}

}  // namespace springald::python
