#include "springald/backend/sidecar/process_usage.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <unistd.h>

#include "springald/base/unique_fd.h"

namespace springald {

namespace {

/// The number of KiB after `name` in the text of /proc/PID/status; see proc(5).
std::optional<int64_t> KibAfter(const char* text, const char* name) {
  const char* const found = std::strstr(text, name);
  if (found == nullptr) {
    return std::nullopt;
  }
  return std::strtoll(found + std::strlen(name), nullptr, 10);
}

}  // namespace

std::optional<int64_t> MemoryBytesOf(pid_t pid) {
  const UniqueFd file(
      open(("/proc/" + std::to_string(pid) + "/status").c_str(), O_RDONLY | O_CLOEXEC));
  char text[4096];
  const ssize_t n = file ? read(file.get(), text, sizeof(text) - 1) : -1;
  if (n <= 0) {
    return std::nullopt;
  }
  text[n] = '\0';
  const auto anonymous = KibAfter(text, "\nRssAnon:");
  const auto shared = KibAfter(text, "\nRssShmem:");
  if (!anonymous.has_value() || !shared.has_value()) {
    return std::nullopt;  // it has ended, and nobody has waited for it yet
  }
  return (*anonymous + *shared) * 1024;
}

std::optional<int64_t> CpuNsOf(pid_t pid) {
  clockid_t clock{};
  timespec time{};
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) {
    return std::nullopt;
  }
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace springald
