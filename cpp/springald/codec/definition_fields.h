#pragma once

#include <cstdint>

namespace springald {

// What proto/springald.proto numbers, for its reader and its writer.

/// The version of proto/springald.proto that this library knows.
inline constexpr uint32_t kFormatVersion = 2;

/// The versions that a definition without and one with limits is written in.
inline constexpr uint32_t kFormatVersionWithoutLimits = 1;
inline constexpr uint32_t kFormatVersionWithLimits = 2;

/// The version that understands what this library writes.
inline constexpr uint32_t kMinReaderVersion = 1;

namespace definition_field {
inline constexpr uint32_t kFormatVersion = 1;
inline constexpr uint32_t kMinReaderVersion = 2;
inline constexpr uint32_t kKind = 3;
inline constexpr uint32_t kName = 4;
inline constexpr uint32_t kMode = 5;
inline constexpr uint32_t kArguments = 6;
inline constexpr uint32_t kResult = 7;
inline constexpr uint32_t kVolatility = 8;
inline constexpr uint32_t kNullHandling = 9;
inline constexpr uint32_t kEnvironment = 10;
inline constexpr uint32_t kRequirements = 11;
inline constexpr uint32_t kSource = 12;
inline constexpr uint32_t kPayload = 13;
inline constexpr uint32_t kPayloadReference = 14;
inline constexpr uint32_t kPayloadHash = 15;
inline constexpr uint32_t kLimits = 16;
}  // namespace definition_field

namespace environment_field {
inline constexpr uint32_t kImplementation = 1;
inline constexpr uint32_t kVersion = 2;
inline constexpr uint32_t kCloudpickleVersion = 3;
inline constexpr uint32_t kPyarrowVersion = 4;
}  // namespace environment_field

namespace requirement_field {
inline constexpr uint32_t kModule = 1;
inline constexpr uint32_t kVersion = 2;
}  // namespace requirement_field

namespace source_field {
inline constexpr uint32_t kFileName = 1;
inline constexpr uint32_t kFirstLine = 2;
inline constexpr uint32_t kText = 3;
}  // namespace source_field

namespace limits_field {
inline constexpr uint32_t kTimeoutMs = 1;
inline constexpr uint32_t kMemoryLimitBytes = 2;
inline constexpr uint32_t kCpuLimitMs = 3;
inline constexpr uint32_t kMaxOpenFiles = 4;
inline constexpr uint32_t kMaxResultBytes = 5;
}  // namespace limits_field

}  // namespace springald
