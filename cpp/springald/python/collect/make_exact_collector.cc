#include <algorithm>
#include <utility>

#include "springald/python/collect/bytes_collector.h"
#include "springald/python/collect/exact_collector.h"
#include "springald/python/collect/fixed_bytes_collector.h"
#include "springald/python/collect/fixed_width_values.h"
#include "springald/python/collect/one_buffer_collector.h"
#include "springald/python/py_ref.h"

namespace springald::python {

namespace {

using arrow::Type;
using Collector = arrow::Result<std::unique_ptr<ExactCollector>>;
using TypePointer = std::shared_ptr<arrow::DataType>;

/// Counts None.
class NullCollector : public ExactCollector {
 public:
  arrow::Result<int64_t> Append(PyObject* const* values, int64_t num_values) override {
    const auto* const end =
        std::find_if_not(values, values + num_values, [](auto* v) { return IsNull(v); });
    length_ += end - values;
    return end - values;
  }
  arrow::Result<std::shared_ptr<arrow::Array>> Finish() override {
    return std::make_shared<arrow::NullArray>(length_);
  }

 private:
  int64_t length_ = 0;
};

template <typename Converter>
Collector MakeFixedWidth(const TypePointer& type, int64_t num_rows,
                         Converter converter = {}) {
  return FixedWidthCollector<Converter>::Make(type, num_rows, converter);
}

Collector MakeNumber(const TypePointer& type, int64_t num_rows) {
  switch (type->id()) {
    case Type::INT8:
      return MakeFixedWidth<IntegerConverter<int8_t>>(type, num_rows);
    case Type::INT16:
      return MakeFixedWidth<IntegerConverter<int16_t>>(type, num_rows);
    case Type::INT32:
      return MakeFixedWidth<IntegerConverter<int32_t>>(type, num_rows);
    case Type::INT64:
      return MakeFixedWidth<IntegerConverter<int64_t>>(type, num_rows);
    case Type::UINT8:
      return MakeFixedWidth<IntegerConverter<uint8_t>>(type, num_rows);
    case Type::UINT16:
      return MakeFixedWidth<IntegerConverter<uint16_t>>(type, num_rows);
    case Type::UINT32:
      return MakeFixedWidth<IntegerConverter<uint32_t>>(type, num_rows);
    case Type::UINT64:
      return MakeFixedWidth<IntegerConverter<uint64_t>>(type, num_rows);
    case Type::HALF_FLOAT:
      return MakeFixedWidth<HalfFloatConverter>(type, num_rows);
    case Type::FLOAT:
      return MakeFixedWidth<FloatConverter<float>>(type, num_rows);
    default:
      return MakeFixedWidth<FloatConverter<double>>(type, num_rows);
  }
}

Collector MakeTemporal(const TypePointer& type, int64_t num_rows) {
  constexpr int64_t kMillisPerDay = kMicrosPerDay / 1000;
  switch (type->id()) {
    case Type::DATE32:
      return MakeFixedWidth<DateConverter<int32_t, 1>>(type, num_rows);
    case Type::DATE64:
      return MakeFixedWidth<DateConverter<int64_t, kMillisPerDay>>(type, num_rows);
    case Type::TIME32:
      return MakeFixedWidth<TimeConverter<int32_t>>(
          type, num_rows, {static_cast<const arrow::TimeType&>(*type).unit()});
    case Type::TIME64:
      return MakeFixedWidth<TimeConverter<int64_t>>(
          type, num_rows, {static_cast<const arrow::TimeType&>(*type).unit()});
    case Type::DURATION:
      return MakeFixedWidth<DurationConverter>(
          type, num_rows, {static_cast<const arrow::DurationType&>(*type).unit()});
    default:
      return MakeFixedWidth<TimestampConverter>(
          type, num_rows, {static_cast<const arrow::TimestampType&>(*type).unit()});
  }
}

Collector MakeInterval(const TypePointer& type, int64_t num_rows) {
  // Lent by the module, which lives as long as the interpreter.
  const PyRef module = PyRef::Steal(PyImport_ImportModule("pyarrow.lib"));
  const PyRef tuple_class = PyRef::Steal(
      module ? PyObject_GetAttrString(module.get(), "MonthDayNano") : nullptr);
  PyErr_Clear();
  return MakeFixedWidth<IntervalConverter>(type, num_rows, {tuple_class.get()});
}

}  // namespace

Collector MakeExactCollector(TypePointer type, int64_t num_rows) {
  switch (type->id()) {
    case Type::NA:
      return std::make_unique<NullCollector>();
    case Type::BOOL:
      return BoolCollector::Make(type, num_rows);
    case Type::INT8:
    case Type::INT16:
    case Type::INT32:
    case Type::INT64:
    case Type::UINT8:
    case Type::UINT16:
    case Type::UINT32:
    case Type::UINT64:
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
      return MakeNumber(type, num_rows);
    case Type::DATE32:
    case Type::DATE64:
    case Type::TIME32:
    case Type::TIME64:
    case Type::DURATION:
    case Type::TIMESTAMP:
      return MakeTemporal(type, num_rows);
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
      return MakeBytesCollector(type, num_rows);
    case Type::FIXED_SIZE_BINARY:
    case Type::DECIMAL32:
    case Type::DECIMAL64:
    case Type::DECIMAL128:
    case Type::DECIMAL256:
      return MakeFixedBytesCollector(type, num_rows);
    case Type::INTERVAL_MONTH_DAY_NANO:
      return MakeInterval(type, num_rows);
    default:
      return nullptr;
  }
}

}  // namespace springald::python
