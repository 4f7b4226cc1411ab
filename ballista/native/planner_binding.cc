#include "planner_binding.h"

#include <string>
#include <utility>

#include <nanobind/stl/string.h>

#include "capsule.h"
#include "glue_call.h"

namespace nb = nanobind;

namespace springald::cluster {

namespace {

/// Immutable; makes a new capsule for every session that asks.
class Planner {
 public:
  explicit Planner(std::string options) : options_(std::move(options)) {}

  nb::object Capsule(nb::handle session) const {
    const TaskContextProvider provider(session);
    FFI_QueryPlanner* planner = nullptr;
    CallGlue([&](springald_error* error) {
      return springald_ballista_planner_create(provider.get(), options_.c_str(), &planner,
                                               error);
    });
    return OwningCapsule<springald_ballista_planner_release>(planner,
                                                             "datafusion_query_planner");
  }

 private:
  const std::string options_;
};

}  // namespace

void BindPlanner(nb::module_& module) {
  nb::class_<Planner>(module, "Planner",
                      "The planner of a session whose queries run on a cluster. "
                      "`options` is JSON.")
      .def(nb::init<std::string>(), nb::arg("options"))
      .def("__datafusion_query_planner__", &Planner::Capsule, nb::arg("session"),
           "Return a capsule that the session can take over.");
}

}  // namespace springald::cluster
