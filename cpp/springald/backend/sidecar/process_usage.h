#pragma once

#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace springald {

// What another process uses now, as the kernel tells anybody of the same user. Nothing
// where the process has ended.

/// Memory that is the process' own, in bytes: anonymous and shared pages that are
/// resident, not those of files.
std::optional<int64_t> MemoryBytesOf(pid_t pid);

/// Processor time of all its threads since it began, in nanoseconds.
std::optional<int64_t> CpuNsOf(pid_t pid);

}  // namespace springald
