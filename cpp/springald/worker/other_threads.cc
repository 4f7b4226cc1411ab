#include "springald/worker/other_threads.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string_view>

#include <sys/syscall.h>
#include <unistd.h>

namespace springald::worker {

namespace {

/// jemalloc, which pyarrow has inside, stops this one before a fork and knows in the
/// child that it is gone (`background_thread` in its manual).
constexpr std::array<std::string_view, 1> kHarmless{"jemalloc_bg_thd"};

}  // namespace

std::vector<std::string> OtherThreads() {
  const std::string own = std::to_string(syscall(SYS_gettid));
  std::vector<std::string> names;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream file(task.path() / "comm");
    std::getline(file, name);
    const bool is_harmless =
        std::find(kHarmless.begin(), kHarmless.end(), name) != kHarmless.end();
    if (task.path().filename() != own && !is_harmless) {
      names.push_back(name);
    }
  }
  return names;
}

}  // namespace springald::worker
