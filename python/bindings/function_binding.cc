#include "function_binding.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "arrow_exchange.h"
#include "definition_binding.h"
#include "error_binding.h"
#include "workers_binding.h"

namespace nb = nanobind;

namespace springald::bindings {

namespace {

using Clock = std::chrono::steady_clock;

/// How many calls of this thread are inside each other.
thread_local int call_depth = 0;

class CancelToken {
 public:
  CancelToken() {
    Error error;
    if (springald_cancel_token_create(&handle_, &error) != 0) {
      Raise(error);
    }
  }
  ~CancelToken() { springald_cancel_token_release(handle_); }
  CancelToken(const CancelToken&) = delete;
  CancelToken& operator=(const CancelToken&) = delete;
  springald_cancel_token* get() const { return handle_; }

 private:
  springald_cancel_token* handle_ = nullptr;
};

/// What a Runtime and its Functions share. Python objects in it are used under the
/// GIL only; its last owner goes with the GIL held, because all are Python objects.
struct RuntimeState {
  RuntimeState(nb::object log_function, nb::object make_error_function)
      : log(std::move(log_function)), make_error(std::move(make_error_function)) {}
  ~RuntimeState() { springald_runtime_release(handle); }
  RuntimeState(const RuntimeState&) = delete;
  RuntimeState& operator=(const RuntimeState&) = delete;

  springald_runtime* handle = nullptr;
  const nb::object log;
  const nb::object make_error;
  /// The token of a call that begins now.
  const std::shared_ptr<CancelToken>& CurrentToken() {
    if (resume_at.has_value() && Clock::now() >= *resume_at) {
      Resume();
    }
    return cancel;
  }

  void Resume() {
    cancel = std::make_shared<CancelToken>();
    resume_at.reset();
  }

  // That of all calls that begin now. Replaced when it is fired.
  std::shared_ptr<CancelToken> cancel = std::make_shared<CancelToken>();
  // When calls may begin again after a fired token was kept.
  std::optional<Clock::time_point> resume_at;
};

void Log(void* context, int32_t level, const char* message, const char* udf_name,
         const char* udf_hash) {
  const nb::gil_scoped_acquire gil;
  // A record about an error is made while that error is being raised.
  const nb::error_scope pending;
  try {
    static_cast<RuntimeState*>(context)->log(
        level, nb::steal(PyUnicode_DecodeUTF8(message, std::strlen(message), "replace")),
        udf_name, udf_hash);
  } catch (nb::python_error& error) {
    // A Ctrl-C that came just now ends the call too, and its caller learns of it there.
    if (!error.matches(PyExc_KeyboardInterrupt)) {
      error.discard_as_unraisable("springald's log function");
    }
  }
}

struct ReleaseFunction {
  void operator()(springald_function* function) const {
    springald_function_release(function);
  }
};

class Function {
 public:
  /// Takes `handle` over, also where this throws.
  Function(std::shared_ptr<RuntimeState> runtime,
           std::unique_ptr<springald_function, ReleaseFunction> handle,
           const Definition& definition)
      : runtime_(std::move(runtime)),
        handle_(std::move(handle)),
        name_(NameOf(definition)),
        hash_(HashOf(definition)),
        result_type_(ResultTypeOf(definition)) {}

  /// Returns a new reference to a `pyarrow.Array`.
  PyObject* Call(PyObject* const* arrays, std::size_t num_arrays) const {
    const auto cancel = runtime_->CurrentToken();
    PyObject* out = nullptr;
    Error error;
    ++call_depth;
    const int32_t code = springald_function_call(handle_.get(), arrays, num_arrays,
                                                 cancel->get(), &out, &error);
    --call_depth;
    if (code != 0) {
      Raise(error, runtime_->make_error);
    }
    return out;
  }

  /// Runs one batch of a stream; returns a `pyarrow.Array`.
  nb::object CallStream(int64_t stream_id, nb::args arrays) const {
    const auto cancel = runtime_->CurrentToken();
    std::vector<ArrowArray> columns(arrays.size());
    springald_batch batch{};
    batch.struct_size = sizeof(batch);
    batch.arguments = columns.data();
    batch.num_arguments = columns.size();
    batch.num_rows =
        columns.empty() ? 0 : static_cast<int64_t>(nb::len(nb::handle(arrays[0])));
    batch.stream_id = stream_id;
    batch.cancel = cancel->get();
    for (std::size_t i = 0; i < columns.size(); ++i) {
      ExportArray(arrays[i], &columns[i]);
    }
    ArrowArray out{};
    Error error;
    ++call_depth;
    const int32_t code =
        springald_function_invoke_batch(handle_.get(), &batch, &out, &error);
    --call_depth;
    if (code != 0) {
      Raise(error, runtime_->make_error);
    }
    return ImportArray(&out, result_type_);
  }

  void EndStream(int64_t stream_id, bool failed) const {
    Error error;
    ++call_depth;
    const int32_t code =
        springald_function_end_stream(handle_.get(), stream_id, failed, &error);
    --call_depth;
    if (code != 0) {
      Raise(error, runtime_->make_error);
    }
  }

  /// The last lines that it has printed in worker processes.
  nb::object Output() const {
    std::string text(springald_function_output(handle_.get(), nullptr, 0), '\0');
    const std::size_t size =
        springald_function_output(handle_.get(), text.data(), text.size());
    text.resize(std::min(size, text.size()));
    return nb::steal(PyUnicode_DecodeUTF8(
        text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
  }

  const std::string& name() const { return name_; }
  const std::string& hash() const { return hash_; }

  nb::dict Metrics() const {
    springald_metrics metrics{};
    metrics.struct_size = sizeof(metrics);
    springald_function_metrics(handle_.get(), &metrics);
    nb::dict figures;
    figures["loads"] = metrics.num_loads;
    figures["calls"] = metrics.num_calls;
    figures["rows"] = metrics.num_rows;
    figures["python_seconds"] = static_cast<double>(metrics.python_ns) / 1e9;
    figures["errors"] = metrics.num_errors;
    return figures;
  }

  /// Returns how its rows are computed.
  nb::dict Describe() const {
    springald_function_description description{};
    description.struct_size = sizeof(description);
    springald_function_describe(handle_.get(), &description);
    nb::dict described;
    described["not_inlined_reason"] = TextOrNone(description.not_inlined_reason);
    described["not_distinct_reason"] = TextOrNone(description.not_distinct_reason);
    described["inlined_rows"] = description.num_inlined_rows;
    described["repeated_rows"] = description.num_repeated_rows;
    return described;
  }

 private:
  static nb::object TextOrNone(const char* text) {
    if (text == nullptr) {
      return nb::none();
    }
    // It may come from a worker.
    return nb::steal(PyUnicode_DecodeUTF8(
        text, static_cast<Py_ssize_t>(std::strlen(text)), "replace"));
  }

  const std::shared_ptr<RuntimeState> runtime_;
  std::unique_ptr<springald_function, ReleaseFunction> handle_;
  const std::string name_;
  const std::string hash_;
  const std::shared_ptr<arrow::DataType> result_type_;
};

class Runtime {
 public:
  Runtime(nb::object log, nb::object make_error, const std::optional<Workers>& workers)
      : state_(std::make_shared<RuntimeState>(std::move(log), std::move(make_error))) {
    springald_runtime_options options{};
    options.struct_size = sizeof(options);
    std::optional<SidecarOptions> sidecar;
    if (workers.has_value()) {
      sidecar.emplace(*workers);
      options.backend = SPRINGALD_BACKEND_SIDECAR;
      options.sidecar = sidecar->get();
    }
    options.log = Log;
    options.log_context = state_.get();
    Error error;
    if (springald_runtime_create(&options, &state_->handle, &error) != 0) {
      Raise(error);
    }
  }

  Function Load(const Definition& definition, nb::object live) const {
    springald_function* handle = nullptr;
    Error error;
    const int32_t code =
        live.is_none() ? springald_runtime_load(state_->handle, definition.handle.get(),
                                                &handle, &error)
                       : springald_runtime_bind(state_->handle, definition.handle.get(),
                                                live.ptr(), &handle, &error);
    if (code != 0) {
      Raise(error, state_->make_error);
    }
    return Function(state_, std::unique_ptr<springald_function, ReleaseFunction>(handle),
                    definition);
  }

  int32_t Interrupt(bool hold) {
    const auto fired = state_->cancel;
    if (hold) {
      state_->resume_at.reset();
    } else {
      state_->Resume();
    }
    const nb::gil_scoped_release release;
    return springald_cancel_token_fire(fired->get());
  }

  void Shutdown() {
    const nb::gil_scoped_release release;
    springald_runtime_shutdown(state_->handle);
  }

  /// Returns the figures of the worker processes.
  nb::dict WorkerFigures() const {
    springald_worker_figures figures{};
    figures.struct_size = sizeof(figures);
    springald_runtime_workers(state_->handle, &figures);
    nb::dict named;
    named["max"] = figures.max_workers;
    named["alive"] = figures.num_workers;
    named["busy"] = figures.num_busy;
    named["started"] = figures.num_started;
    named["retired"] = figures.num_retired;
    named["lost"] = figures.num_lost;
    named["killed"] = figures.num_killed;
    named["retried"] = figures.num_retried;
    named["shared_bytes"] = figures.shared_bytes;
    named["last_start_us"] = figures.last_start_us;
    named["fork_server_pid"] = figures.fork_server_pid;
    return named;
  }

  void Resume(double delay_s) {
    if (delay_s > 0) {
      state_->resume_at = Clock::now() + std::chrono::duration_cast<Clock::duration>(
                                             std::chrono::duration<double>(delay_s));
    } else {
      state_->Resume();
    }
  }

 private:
  const std::shared_ptr<RuntimeState> state_;
};

/// Function.__call__(*arrays: pyarrow.Array) -> pyarrow.Array. The type's slot itself:
/// the engine calls with a tuple, which then reaches us as it is.
PyObject* CallFunction(PyObject* self, PyObject* arguments, PyObject* keywords) {
  try {
    if (keywords != nullptr && PyDict_GET_SIZE(keywords) != 0) {
      throw nb::type_error("a native function takes no keyword arguments");
    }
    return nb::inst_ptr<Function>(self)->Call(
        &PyTuple_GET_ITEM(arguments, 0),
        static_cast<std::size_t>(PyTuple_GET_SIZE(arguments)));
  } catch (nb::python_error& error) {
    error.restore();
  } catch (const std::exception& error) {
    PyErr_SetString(PyExc_TypeError, error.what());
  }
  return nullptr;
}

void ServeWorkers(int32_t control_fd) {
  Error error;
  if (springald_worker_serve(control_fd, &error) != 0) {
    Raise(error);
  }
}

PyType_Slot function_slots[] = {
    {Py_tp_call, reinterpret_cast<void*>(CallFunction)},
    {0, nullptr},
};

}  // namespace

void BindFunctions(nb::module_& module) {
  nb::class_<Function>(module, "Function", nb::type_slots(function_slots),
                       nb::dynamic_attr(),
                       "A function that is ready to run over Arrow arrays.")
      .def_prop_ro("name", &Function::name)
      .def_prop_ro("hash", &Function::hash)
      .def("metrics", &Function::Metrics,
           nb::sig("def metrics(self) -> dict[str, float]"))
      .def("describe", &Function::Describe,
           nb::sig("def describe(self) -> dict[str, typing.Any]"))
      .def("call_stream", &Function::CallStream, nb::arg("stream_id"), nb::arg("arrays"),
           nb::sig("def call_stream(self, stream_id: int, *arrays: typing.Any) -> "
                   "typing.Any"),
           "Run one batch of a stream, which this begins if it is new.")
      .def("end_stream", &Function::EndStream, nb::arg("stream_id"), nb::arg("failed"),
           "End a stream; `failed` where there were to be more batches.")
      .def("output", &Function::Output, nb::sig("def output(self) -> str"),
           "The last lines that the function has printed in worker processes.");
  nb::class_<Runtime>(module, "Runtime", "Owns the loaded functions.")
      .def(nb::init<nb::object, nb::object, std::optional<Workers>>(), nb::kw_only(),
           nb::arg("log"), nb::arg("make_error"), nb::arg("workers") = nb::none(),
           "`workers`: run what is loaded in worker processes like these.")
      .def("load", &Runtime::Load, nb::arg("definition"), nb::arg("live") = nb::none(),
           "Make a function of the definition's payload, or of the live object.")
      .def("interrupt", &Runtime::Interrupt, nb::arg("hold") = false,
           "Cancel every call that is in progress and return how many there were. With "
           "`hold`, calls that begin later are cancelled too, until `resume`.")
      .def("resume", &Runtime::Resume, nb::arg("delay_s") = 0.0,
           "Let calls begin again, after `delay_s` seconds.")
      .def("in_call", [](const Runtime&) { return call_depth > 0; })
      .def("shutdown", &Runtime::Shutdown, "End the worker processes, for good.")
      .def("workers", &Runtime::WorkerFigures,
           nb::sig("def workers(self) -> dict[str, int]"));
  module.def("serve_workers", ServeWorkers, nb::arg("control_fd"),
             "Fork workers for the process at the other end of the socket.");
}

}  // namespace springald::bindings
