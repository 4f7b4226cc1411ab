#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "abi_table.h"
#include "codec_binding.h"
#include "error_binding.h"
#include "executor_binding.h"
#include "expression_binding.h"
#include "placeholder_binding.h"
#include "planner_binding.h"

namespace nb = nanobind;

namespace {

/// Throws ImportError unless the installed `springald` is of this very version: the two
/// wheels share structs without any promise of stability.
void CheckSpringaldVersion() {
  const std::string own = SPRINGALD_BALLISTA_VERSION;
  const auto found =
      nb::cast<std::string>(nb::module_::import_("springald").attr("__version__"));
  if (found != own) {
    const std::string message = "springald-ballista " + own + " needs springald " + own +
                                ", and springald " + found +
                                " is installed: pip install 'springald==" + own + "'";
    throw nb::import_error(message.c_str());
  }
}

/// Hands the runtime to the glue. Throws ImportError where it refuses.
void InitializeGlue() {
  const springald_abi table = springald::cluster::RuntimeAbiTable();
  springald::bindings::Error error;
  if (springald_ballista_init(&table, &error) != 0) {
    const std::string message = std::string("springald-ballista cannot be used: ") +
                                (error.message == nullptr ? "" : error.message);
    throw nb::import_error(message.c_str());
  }
}

}  // namespace

NB_MODULE(_native, module) {
  CheckSpringaldVersion();
  InitializeGlue();
  // Sessions hold codecs and planners where the garbage collector cannot look; those of
  // a module's contexts live as long as the process.
  nb::set_leak_warnings(false);
  module.doc() = "The Rust glue to Ballista, through its C functions.";
  module.def("version", springald_ballista_version, "Return the glue's own version.");
  springald::cluster::BindCodec(module);
  springald::cluster::BindPlanner(module);
  springald::cluster::BindPlaceholder(module);
  springald::cluster::BindExpression(module);
  springald::cluster::BindExecutor(module);
}
