#include "springald/backend/value_numbering.h"

#include <cstring>

#include <arrow/type.h>
#include <arrow/util/bit_util.h>

#include "springald/base/offset_values.h"

namespace springald {

namespace {

constexpr int64_t kFreeDistinct = 64;
constexpr uint32_t kFirstTableSize = 1024;
// Values that all collide, by intent, must not make the table a list.
constexpr uint32_t kMaxProbes = 64;

// Odd numbers with mixed bits; the first is 2^64 divided by the golden ratio.
constexpr uint64_t kMultiplier = 0x9E3779B97F4A7C15;
constexpr uint64_t kSecret[4] = {0xA0761D6478BD642F, 0xE7037ED1A0B428DB,
                                 0x8EBC6AF09C88C6E3, 0x589965CC75374CC3};

uint64_t Mix(uint64_t bits) {
  const uint64_t product = bits * kMultiplier;
  return product ^ (product >> 32);
}

/// Both halves of a product hold bits of both factors: the step of Wang Yi's wyhash.
uint64_t MixPair(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

template <typename Integer>
Integer Load(const char* bytes) {
  Integer value;
  std::memcpy(&value, bytes, sizeof(value));
  return value;
}

/// Bytes of any length by loads of eight that may overlap, because a loop over single
/// bytes costs more than all the rest. Up to 32, no step waits for another.
uint64_t HashBytes(const char* bytes, std::size_t size) {
  const auto word = [bytes](std::size_t at) { return Load<uint64_t>(bytes + at); };
  if (size > 16) {
    uint64_t hash = size;
    for (std::size_t i = 0; i + 32 < size; i += 16) {
      hash = MixPair(word(i) ^ kSecret[1], word(i + 8) ^ hash);
    }
    const std::size_t rest = size > 32 ? size - 32 : 0;
    return MixPair(word(rest) ^ kSecret[0], word(rest + 8) ^ hash) ^
           MixPair(word(size - 16) ^ kSecret[2], word(size - 8) ^ kSecret[3]);
  }
  if (size >= 8) {
    return MixPair(word(0) ^ kSecret[0], word(size - 8) ^ kSecret[1] ^ size);
  }
  if (size >= 4) {
    return MixPair(Load<uint32_t>(bytes) ^ kSecret[0],
                   Load<uint32_t>(bytes + size - 4) ^ kSecret[1] ^ size);
  }
  if (size > 0) {
    const auto at = [bytes](std::size_t i) {
      return static_cast<uint64_t>(static_cast<unsigned char>(bytes[i]));
    };
    return Mix(at(0) << 24 | at(size / 2) << 16 | at(size - 1) << 8 | size);
  }
  return 0;
}

bool EqualBytes(const char* a, const char* b, std::size_t size) {
  if (size < 8 || size > 32) {
    return std::memcmp(a, b, size) == 0;
  }
  if (size <= 16) {
    return Load<uint64_t>(a) == Load<uint64_t>(b) &&
           Load<uint64_t>(a + size - 8) == Load<uint64_t>(b + size - 8);
  }
  return std::memcmp(a, b, 16) == 0 && std::memcmp(a + size - 16, b + size - 16, 16) == 0;
}

template <typename Integer>
struct FixedValues {
  explicit FixedValues(const arrow::ArrayData& column)
      : values(column.GetValues<Integer>(1)) {}
  uint64_t Hash(int64_t row) const { return Mix(static_cast<uint64_t>(values[row])); }
  bool AreEqual(int64_t a, int64_t b) const { return values[a] == values[b]; }
  const Integer* values;
};

struct BoolValues {
  explicit BoolValues(const arrow::ArrayData& column)
      : bits(column.GetValues<uint8_t>(1, 0)), offset(column.offset) {}
  bool Get(int64_t row) const { return arrow::bit_util::GetBit(bits, offset + row); }
  uint64_t Hash(int64_t row) const { return Get(row) ? 1 : 0; }
  bool AreEqual(int64_t a, int64_t b) const { return Get(a) == Get(b); }
  const uint8_t* bits;
  int64_t offset;
};

struct FixedBytesValues {
  explicit FixedBytesValues(const arrow::ArrayData& column)
      : width(static_cast<std::size_t>(
            static_cast<const arrow::FixedWidthType&>(*column.type).bit_width() / 8)),
        bytes(column.GetValues<char>(1, column.offset * static_cast<int64_t>(width))) {}
  const char* At(int64_t row) const {
    return bytes + static_cast<std::size_t>(row) * width;
  }
  uint64_t Hash(int64_t row) const { return HashBytes(At(row), width); }
  bool AreEqual(int64_t a, int64_t b) const { return EqualBytes(At(a), At(b), width); }
  std::size_t width;
  const char* bytes;
};

template <typename Offset>
struct BytesValues {
  explicit BytesValues(const arrow::ArrayData& column) : values(column) {}
  uint64_t Hash(int64_t row) const {
    const auto value = values[row];
    return HashBytes(value.data(), value.size());
  }
  bool AreEqual(int64_t a, int64_t b) const {
    const auto one = values[a];
    const auto other = values[b];
    return one.size() == other.size() && EqualBytes(one.data(), other.data(), one.size());
  }
  OffsetValues<Offset> values;
};

/// An open hash table from values to their numbers.
template <typename Values>
class Table {
 public:
  Table(const Values& values, ValueNumbering* numbering)
      : values_(values), numbering_(numbering), slots_(kFirstTableSize) {}

  struct Slot {
    uint64_t hash = 0;
    int32_t number = -1;  // negative: free
    int32_t first_row = 0;
  };

  /// Where a value with this hash is, if no other came before it.
  const Slot& Home(uint64_t hash) const { return slots_[Place(hash)]; }

  /// Numbers the value of `row`; false where it takes too long to find.
  bool Number(int64_t row, uint64_t hash) {
    const auto mask = static_cast<uint32_t>(slots_.size()) - 1;
    uint32_t at = Place(hash);
    for (uint32_t probe = 0; probe < kMaxProbes; ++probe) {
      const Slot& slot = slots_[at];
      if (slot.number < 0) {
        return Insert(row, hash, at);
      }
      if (slot.hash == hash && values_.AreEqual(slot.first_row, row)) {
        numbering_->numbers[static_cast<std::size_t>(row)] = slot.number;
        return true;
      }
      at = (at + 1) & mask;
    }
    return false;
  }

 private:
  uint32_t Place(uint64_t hash) const {
    return static_cast<uint32_t>(hash >> 8) & (static_cast<uint32_t>(slots_.size()) - 1);
  }

  bool Insert(int64_t row, uint64_t hash, uint32_t at) {
    const auto number = static_cast<int32_t>(numbering_->first_rows.size());
    if (number > kFreeDistinct + row * 3 / 8) {
      return false;
    }
    numbering_->numbers[static_cast<std::size_t>(row)] = number;
    numbering_->first_rows.push_back(static_cast<int32_t>(row));
    slots_[at] = {hash, number, static_cast<int32_t>(row)};
    if (numbering_->first_rows.size() * 2 > slots_.size()) {
      Grow();
    }
    return true;
  }

  void Grow() {
    std::vector<Slot> old(slots_.size() * 4);
    old.swap(slots_);
    const auto mask = static_cast<uint32_t>(slots_.size()) - 1;
    for (const Slot& slot : old) {
      if (slot.number >= 0) {
        uint32_t at = Place(slot.hash);
        while (slots_[at].number >= 0) {
          at = (at + 1) & mask;
        }
        slots_[at] = slot;
      }
    }
  }

  const Values values_;
  ValueNumbering* const numbering_;
  std::vector<Slot> slots_;
};

template <typename Values>
bool NumberAll(const arrow::ArrayData& column, ValueNumbering* out) {
  const Values values(column);
  Table<Values> table(values, out);
  int32_t* const numbers = out->numbers.data();
  const uint8_t* validity =
      column.GetNullCount() == 0 ? nullptr : column.GetValues<uint8_t>(0, 0);
  int32_t number_of_null = -1;
  for (int64_t row = 0; row < column.length; ++row) {
    if (validity != nullptr && !arrow::bit_util::GetBit(validity, column.offset + row)) {
      if (number_of_null < 0) {
        number_of_null = static_cast<int32_t>(out->first_rows.size());
        out->first_rows.push_back(static_cast<int32_t>(row));
      }
      numbers[row] = number_of_null;
      continue;
    }
    const uint64_t hash = values.Hash(row);
    const auto& home = table.Home(hash);
    if (home.hash == hash && home.number >= 0 && values.AreEqual(home.first_row, row))
        [[likely]] {
      numbers[row] = home.number;
    } else if (!table.Number(row, hash)) {
      return false;
    }
  }
  return true;
}

enum class Layout { kNone, kBool, k8, k16, k32, k64, kFixedBytes, kBytes32, kBytes64 };

Layout LayoutOf(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
      return Layout::kBool;
    case arrow::Type::INT8:
    case arrow::Type::UINT8:
      return Layout::k8;
    case arrow::Type::INT16:
    case arrow::Type::UINT16:
    case arrow::Type::HALF_FLOAT:
      return Layout::k16;
    case arrow::Type::INT32:
    case arrow::Type::UINT32:
    case arrow::Type::FLOAT:
    case arrow::Type::DATE32:
    case arrow::Type::TIME32:
    case arrow::Type::DECIMAL32:
      return Layout::k32;
    case arrow::Type::INT64:
    case arrow::Type::UINT64:
    case arrow::Type::DOUBLE:
    case arrow::Type::DATE64:
    case arrow::Type::TIME64:
    case arrow::Type::TIMESTAMP:
    case arrow::Type::DURATION:
    case arrow::Type::DECIMAL64:
      return Layout::k64;
    case arrow::Type::DECIMAL128:
    case arrow::Type::DECIMAL256:
      return Layout::kFixedBytes;
    case arrow::Type::FIXED_SIZE_BINARY:
      return type.bit_width() > 0 ? Layout::kFixedBytes : Layout::kNone;
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return Layout::kBytes32;
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return Layout::kBytes64;
    default:
      return Layout::kNone;
  }
}

}  // namespace

bool CanNumber(const arrow::DataType& type) { return LayoutOf(type) != Layout::kNone; }

bool NumberValues(const arrow::ArrayData& column, ValueNumbering* out) {
  out->numbers.resize(static_cast<std::size_t>(column.length));
  out->first_rows.clear();
  switch (LayoutOf(*column.type)) {
    case Layout::kBool:
      return NumberAll<BoolValues>(column, out);
    case Layout::k8:
      return NumberAll<FixedValues<uint8_t>>(column, out);
    case Layout::k16:
      return NumberAll<FixedValues<uint16_t>>(column, out);
    case Layout::k32:
      return NumberAll<FixedValues<uint32_t>>(column, out);
    case Layout::k64:
      return NumberAll<FixedValues<uint64_t>>(column, out);
    case Layout::kFixedBytes:
      return NumberAll<FixedBytesValues>(column, out);
    case Layout::kBytes32:
      return NumberAll<BytesValues<int32_t>>(column, out);
    case Layout::kBytes64:
      return NumberAll<BytesValues<int64_t>>(column, out);
    case Layout::kNone:
      break;
  }
  return false;
}

}  // namespace springald
