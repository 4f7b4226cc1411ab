#pragma once

#include <string>
#include <vector>

#include <arrow/result.h>

namespace springald::python {

/// What another process needs to be an interpreter like this one.
struct InterpreterFacts {
  std::string executable;                ///< `sys.executable`
  std::string search_path;               ///< `sys.path`, as PYTHONPATH has it
  std::vector<std::string> environment;  ///< `os.environ`, each as "NAME=value"
};

/// Asks this interpreter. Fails with kInternal where it does not know its own program, as
/// in a host of another kind. REQUIRES: the GIL.
arrow::Result<InterpreterFacts> GetInterpreterFacts();

}  // namespace springald::python
