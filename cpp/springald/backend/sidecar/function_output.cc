#include "springald/backend/sidecar/function_output.h"

namespace springald {

void FunctionOutput::Add(std::string_view line) {
  const std::lock_guard lock(mutex_);
  lines_.Add(line);
}

std::string FunctionOutput::Text() const {
  const std::lock_guard lock(mutex_);
  return lines_.Text();
}

}  // namespace springald
