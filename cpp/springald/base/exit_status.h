#pragma once

#include <string>

namespace springald {

/// Says how a process ended, in words for people: "was ended by signal 11 (Segmentation
/// fault)" or "exited with status 3". `wait_status` is as waitpid() gives it.
std::string DescribeExit(int wait_status);

}  // namespace springald
