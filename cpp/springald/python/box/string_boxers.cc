#include <cassert>  // binary_view_util.h uses it without
#include <string_view>

#include <arrow/type.h>
#include <arrow/util/binary_view_util.h>

#include "springald/base/offset_values.h"
#include "springald/python/ascii.h"
#include "springald/python/ascii_string.h"
#include "springald/python/box/reader_boxer.h"
#include "springald/python/box/type_families.h"
#include "springald/python/box/utf8_string.h"

namespace springald::python {

namespace {

struct ViewValues {
  explicit ViewValues(const arrow::ArrayData& column)
      : views(column.GetValues<arrow::BinaryViewType::c_type>(1)),
        buffers(column.buffers.data() + 2) {}
  std::string_view operator[](int64_t row) const {
    return arrow::util::FromBinaryView(views[row], buffers);
  }
  const arrow::BinaryViewType::c_type* views;
  const std::shared_ptr<arrow::Buffer>* buffers;
};

struct FixedSizeValues {
  explicit FixedSizeValues(const arrow::ArrayData& column)
      : size(static_cast<std::size_t>(
            static_cast<const arrow::FixedSizeBinaryType&>(*column.type).byte_width())),
        bytes(column.GetValues<char>(1, 0)) {
    if (size != 0 && bytes != nullptr) {
      bytes += static_cast<std::size_t>(column.offset) * size;
    }
  }
  std::string_view operator[](int64_t row) const {
    return size == 0
               ? std::string_view("")
               : std::string_view(bytes + static_cast<std::size_t>(row) * size, size);
  }
  std::size_t size;
  const char* bytes;
};

/// Strings of a column that is known to hold nothing but ASCII.
template <typename Values>
struct AsciiReader {
  static constexpr bool kNeverFails = true;
  explicit AsciiReader(const arrow::ArrayData& column) : values(column) {}
  PyObject* operator()(int64_t row) const { return MakeAsciiString(values[row]); }
  bool Renew(PyObject* string, int64_t row) const {
    return RenewAsciiString(string, values[row]);
  }
  Values values;
};

template <typename Values>
struct StringReader {
  static constexpr bool kNeverFails = false;
  explicit StringReader(const arrow::ArrayData& column) : values(column) {}
  PyObject* operator()(int64_t row) const {
    const std::string_view text = values[row];
    return IsAscii(text) ? MakeAsciiString(text) : MakeUtf8String(text);
  }
  bool Renew(PyObject* string, int64_t row) const {
    const std::string_view text = values[row];
    return IsAscii(text) && RenewAsciiString(string, text);
  }
  Values values;
};

template <typename Values>
struct BinaryReader {
  static constexpr bool kNeverFails = true;
  explicit BinaryReader(const arrow::ArrayData& column) : values(column) {}
  PyObject* operator()(int64_t row) const {
    const std::string_view bytes = values[row];
    return PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size()));
  }
  Values values;
};

template <typename Offset>
std::unique_ptr<Boxer> MakeTextBoxer(const arrow::ArrayData& column) {
  const OffsetValues<Offset> values(column);
  const auto first = column.length == 0 ? 0 : values.offsets[0];
  const auto last = column.length == 0 ? 0 : values.offsets[column.length];
  if (IsAscii({values.bytes + first, static_cast<std::size_t>(last - first)})) {
    return BoxerOf<AsciiReader<OffsetValues<Offset>>>(column);
  }
  return BoxerOf<StringReader<OffsetValues<Offset>>>(column);
}

}  // namespace

std::unique_ptr<Boxer> MakeStringBoxer(const arrow::ArrayData& column) {
  switch (column.type->id()) {
    case arrow::Type::STRING:
      return MakeTextBoxer<int32_t>(column);
    case arrow::Type::LARGE_STRING:
      return MakeTextBoxer<int64_t>(column);
    case arrow::Type::STRING_VIEW:
      return BoxerOf<StringReader<ViewValues>>(column);
    case arrow::Type::BINARY:
      return BoxerOf<BinaryReader<OffsetValues<int32_t>>>(column);
    case arrow::Type::LARGE_BINARY:
      return BoxerOf<BinaryReader<OffsetValues<int64_t>>>(column);
    case arrow::Type::BINARY_VIEW:
      return BoxerOf<BinaryReader<ViewValues>>(column);
    default:
      return BoxerOf<BinaryReader<FixedSizeValues>>(column);
  }
}

}  // namespace springald::python
