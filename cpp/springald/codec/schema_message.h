#pragma once

#include <cstddef>
#include <string_view>

#include <arrow/status.h>

namespace springald {

/// What an Arrow schema may cost its reader.
struct SchemaBounds {
  /// Bytes of all names, metadata and fields, each counted as often as it is used.
  std::size_t max_unfolded_bytes;
  /// Levels of nested types, as Arrow's own reader of columns has it.
  int max_depth = 64;
};

/// Checks the flatbuffer of an Arrow schema message before Arrow reads it.
///
/// A flatbuffer may point to one part from many places. Arrow verifies the offsets,
/// but copies the part once per place, so that a message of 1 MiB can ask for
/// gigabytes. This walks it without allocating and counts what a copy would cost.
///
/// Fails with Invalid on offsets past the end, on more than `bounds`, and on names
/// and time zones that are not UTF-8 or hold a zero byte. It does not check the types:
/// that is Arrow's job.
arrow::Status CheckSchemaMessage(std::string_view metadata, const SchemaBounds& bounds);

}  // namespace springald
