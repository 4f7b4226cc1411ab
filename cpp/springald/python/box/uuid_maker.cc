#include "springald/python/box/uuid_maker.h"

#include "springald/python/python_error.h"

namespace springald::python {

namespace {

PyRef IntOf(const uint8_t* bytes) {
#if PY_VERSION_HEX >= 0x030D0000
  return PyRef::Steal(PyLong_FromUnsignedNativeBytes(bytes, UuidMaker::kNumBytes,
                                                     Py_ASNATIVEBYTES_BIG_ENDIAN));
#else
  return PyRef::Steal(_PyLong_FromByteArray(bytes, UuidMaker::kNumBytes,
                                            /*little_endian=*/0, /*is_signed=*/0));
#endif
}

}  // namespace

arrow::Result<UuidMaker> UuidMaker::Make() {
  UuidMaker maker;
  ARROW_RETURN_NOT_OK(maker.Initialize());
  return maker;
}

arrow::Status UuidMaker::Initialize() {
  const PyRef module = PyRef::Steal(PyImport_ImportModule("uuid"));
  if (module) {
    type_ = PyRef::Steal(PyObject_GetAttrString(module.get(), "UUID"));
    const PyRef safe = PyRef::Steal(PyObject_GetAttrString(module.get(), "SafeUUID"));
    is_safe_ =
        PyRef::Steal(safe ? PyObject_GetAttrString(safe.get(), "unknown") : nullptr);
  }
  arguments_ = PyRef::Steal(PyTuple_New(0));
  bytes_name_ = PyRef::Steal(PyUnicode_InternFromString("bytes"));
  int_name_ = PyRef::Steal(PyUnicode_InternFromString("int"));
  is_safe_name_ = PyRef::Steal(PyUnicode_InternFromString("is_safe"));
  if (!type_ || !is_safe_ || !arguments_ || !bytes_name_ || !int_name_ ||
      !is_safe_name_) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, "");
  }
  sets_attributes_ = PyType_Check(type_.get()) != 0 && CanSetAttributes();
  PyErr_Clear();
  return arrow::Status::OK();
}

/// Says whether the constructor of this Python does no more than set two attributes,
/// which takes a sixth of its time.
bool UuidMaker::CanSetAttributes() const {
  const uint8_t sample[kNumBytes] = {0x80, 1, 2,  3,  4,  5,  6,  7,
                                     8,    9, 10, 11, 12, 13, 14, 15};
  const PyRef expected = PyRef::Steal(NewByConstructor(sample));
  const PyRef made = PyRef::Steal(expected ? NewByAttributes(sample) : nullptr);
  if (!made || PyObject_RichCompareBool(made.get(), expected.get(), Py_EQ) != 1) {
    return false;
  }
  const PyRef state = PyRef::Steal(PyObject_CallMethod(made.get(), "__getstate__", ""));
  const PyRef expected_state =
      PyRef::Steal(PyObject_CallMethod(expected.get(), "__getstate__", ""));
  return state && expected_state &&
         PyObject_RichCompareBool(state.get(), expected_state.get(), Py_EQ) == 1;
}

PyObject* UuidMaker::New(const uint8_t* bytes) const {
  return sets_attributes_ ? NewByAttributes(bytes) : NewByConstructor(bytes);
}

PyObject* UuidMaker::NewByConstructor(const uint8_t* bytes) const {
  const PyRef value = PyRef::Steal(PyBytes_FromStringAndSize(
      reinterpret_cast<const char*>(bytes), static_cast<Py_ssize_t>(kNumBytes)));
  const PyRef keywords = PyRef::Steal(PyDict_New());
  if (!value || !keywords ||
      PyDict_SetItem(keywords.get(), bytes_name_.get(), value.get()) != 0) {
    return nullptr;
  }
  return PyObject_Call(type_.get(), arguments_.get(), keywords.get());
}

PyObject* UuidMaker::NewByAttributes(const uint8_t* bytes) const {
  const PyRef value = IntOf(bytes);
  auto* type = reinterpret_cast<PyTypeObject*>(type_.get());
  PyRef uuid = PyRef::Steal(
      value ? PyBaseObject_Type.tp_new(type, arguments_.get(), nullptr) : nullptr);
  // As object.__setattr__, which the class's own would refuse.
  if (!uuid || PyObject_GenericSetAttr(uuid.get(), int_name_.get(), value.get()) != 0 ||
      PyObject_GenericSetAttr(uuid.get(), is_safe_name_.get(), is_safe_.get()) != 0) {
    return nullptr;
  }
  return uuid.release();
}

}  // namespace springald::python
