#pragma once

#include <string>
#include <vector>

namespace springald::worker {

/// Returns the names of this process' threads besides the calling one, without those that
/// are known to do no harm when a fork loses them.
std::vector<std::string> OtherThreads();

}  // namespace springald::worker
