#include <array>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include <arrow/type.h>

#include "springald/base/udf_error.h"
#include "springald/python/ascii_string.h"
#include "springald/python/box/decimal_text.h"
#include "springald/python/box/reader_boxer.h"
#include "springald/python/box/type_families.h"
#include "springald/python/py_ref.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

/// Returns `create_decimal` of a context that rounds nothing and traps nothing, whatever
/// the program set for its own; null with an exception set. Its precision is above what
/// any type of Arrow has.
PyRef NewCreateDecimal() {
  const PyRef module = PyRef::Steal(PyImport_ImportModule("decimal"));
  const PyRef type =
      PyRef::Steal(module ? PyObject_GetAttrString(module.get(), "Context") : nullptr);
  const PyRef nothing = PyRef::Steal(PyTuple_New(0));
  const PyRef settings = PyRef::Steal(Py_BuildValue(
      "{s:i,s:s,s:i,s:i,s:i,s:i,s:[],s:[]}", "prec", 100, "rounding", "ROUND_HALF_EVEN",
      "Emin", -999999, "Emax", 999999, "capitals", 1, "clamp", 0, "flags", "traps"));
  if (!type || !nothing || !settings) {
    return PyRef();
  }
  const PyRef context =
      PyRef::Steal(PyObject_Call(type.get(), nothing.get(), settings.get()));
  return PyRef::Steal(context ? PyObject_GetAttrString(context.get(), "create_decimal")
                              : nullptr);
}

/// Makes the `decimal.Decimal`s of a column, and keeps some of them: most columns of
/// decimals are amounts, rates and quantities that come again, and making one takes
/// several hundred nanoseconds. Needs the GIL.
class DecimalMaker {
 public:
  DecimalMaker(int32_t scale, PyRef create) : text_(scale), create_(std::move(create)) {}

  PyObject* New(int64_t value) {
    Kept& kept = kept_[Slot(value)];
    if (!kept.object || kept.value != value) {
      const auto word = static_cast<uint64_t>(value);
      kept.object = PyRef::Steal(New(&word, 1));
      kept.value = value;
    }
    Py_XINCREF(kept.object.get());
    return kept.object.get();
  }

  PyObject* New(const uint64_t* words, std::size_t num_words) {
    const std::string_view text = text_.Of(words, num_words);
    if (!string_ || !RenewAsciiString(string_.get(), text)) {
      string_ = PyRef::Steal(MakeAsciiString(text));
      if (!string_) {
        return nullptr;
      }
    }
    return PyObject_CallOneArg(create_.get(), string_.get());
  }

 private:
  struct Kept {
    int64_t value = 0;
    PyRef object;
  };
  static constexpr int kSlotBits = 8;

  /// Spreads values by the high bits of a product with the golden ratio.
  static std::size_t Slot(int64_t value) {
    return static_cast<std::size_t>(
        static_cast<uint64_t>(value) * UINT64_C(0x9E3779B97F4A7C15) >> (64 - kSlotBits));
  }

  DecimalText text_;
  PyRef create_;
  PyRef string_;  // of the value before, made over for the next
  std::array<Kept, std::size_t{1} << kSlotBits> kept_;
};

/// \tparam kBytes  The width of a value.
template <std::size_t kBytes>
struct DecimalReader {
  static constexpr bool kNeverFails = true;
  DecimalReader(const arrow::ArrayData& column, std::unique_ptr<DecimalMaker> decimals)
      : values(column.GetValues<uint8_t>(1, 0)), maker(std::move(decimals)) {
    if (values != nullptr) {
      values += static_cast<std::size_t>(column.offset) * kBytes;
    }
  }

  PyObject* operator()(int64_t row) const {
    const uint8_t* const bytes = values + static_cast<std::size_t>(row) * kBytes;
    if constexpr (kBytes <= 8) {
      std::conditional_t<kBytes == 4, int32_t, int64_t> value;
      std::memcpy(&value, bytes, kBytes);
      return maker->New(static_cast<int64_t>(value));
    } else {
      uint64_t words[kBytes / 8];
      std::memcpy(words, bytes, kBytes);
      const auto low = static_cast<int64_t>(words[0]);
      if (IsOneWord(words, low < 0 ? ~UINT64_C(0) : 0)) {
        return maker->New(low);
      }
      return maker->New(words, kBytes / 8);
    }
  }

  static bool IsOneWord(const uint64_t* words, uint64_t sign) {
    for (std::size_t i = 1; i < kBytes / 8; ++i) {
      if (words[i] != sign) {
        return false;
      }
    }
    return true;
  }

  const uint8_t* values;
  std::unique_ptr<DecimalMaker> maker;
};

}  // namespace

arrow::Result<std::unique_ptr<Boxer>> MakeDecimalBoxer(const arrow::ArrayData& column) {
  PyRef create = NewCreateDecimal();
  if (!create) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, "");
  }
  auto maker = std::make_unique<DecimalMaker>(
      static_cast<const arrow::DecimalType&>(*column.type).scale(), std::move(create));
  switch (column.type->id()) {
    case arrow::Type::DECIMAL32:
      return WithNulls(column, DecimalReader<4>(column, std::move(maker)));
    case arrow::Type::DECIMAL64:
      return WithNulls(column, DecimalReader<8>(column, std::move(maker)));
    case arrow::Type::DECIMAL128:
      return WithNulls(column, DecimalReader<16>(column, std::move(maker)));
    default:
      return WithNulls(column, DecimalReader<32>(column, std::move(maker)));
  }
}

}  // namespace springald::python
