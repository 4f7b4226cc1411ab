#include "springald/python/box/utf8_string.h"

#include <cstdint>

namespace springald::python {

namespace {

/// Says whether `size` bytes at `bytes` continue a character.
bool AreContinuations(const unsigned char* bytes, int size) {
  for (int i = 0; i < size; ++i) {
    if ((bytes[i] & 0xC0) != 0x80) {
      return false;
    }
  }
  return true;
}

/// How many bytes the character at `bytes` has, of those before `end`; 0 where there is
/// none: a sequence that is cut, longer than it must be, a surrogate, or past U+10FFFF.
int CharacterBytes(const unsigned char* bytes, const unsigned char* end) {
  const unsigned char lead = bytes[0];
  const auto rest = end - bytes;
  if (lead < 0x80) {
    return 1;
  }
  if (lead < 0xC2) {
    return 0;
  }
  if (lead < 0xE0) {
    return rest >= 2 && AreContinuations(bytes + 1, 1) ? 2 : 0;
  }
  if (lead < 0xF0) {
    const bool fits = rest >= 3 && AreContinuations(bytes + 1, 2) &&
                      (lead != 0xE0 || bytes[1] >= 0xA0) &&
                      (lead != 0xED || bytes[1] < 0xA0);
    return fits ? 3 : 0;
  }
  const bool fits = lead < 0xF5 && rest >= 4 && AreContinuations(bytes + 1, 3) &&
                    (lead != 0xF0 || bytes[1] >= 0x90) &&
                    (lead != 0xF4 || bytes[1] < 0x90);
  return fits ? 4 : 0;
}

/// What a str of a text needs room for.
struct Shape {
  Py_ssize_t num_characters = 0;
  unsigned char max_lead = 0;  // the greatest first byte of a character
};

/// False where the bytes are no text.
bool FindShape(const unsigned char* bytes, const unsigned char* end, Shape* shape) {
  while (bytes != end) {
    const int size = CharacterBytes(bytes, end);
    if (size == 0) {
      return false;
    }
    shape->max_lead = *bytes > shape->max_lead ? *bytes : shape->max_lead;
    ++shape->num_characters;
    bytes += size;
  }
  return true;
}

/// Writes the characters of a valid text.
template <typename Unit>
void WriteCharacters(const unsigned char* bytes, const unsigned char* end, Unit* out) {
  while (bytes != end) {
    const uint32_t lead = *bytes;
    if (lead < 0x80) {
      *out++ = static_cast<Unit>(lead);
      bytes += 1;
    } else if (lead < 0xE0) {
      *out++ = static_cast<Unit>((lead & 0x1F) << 6 | (bytes[1] & 0x3Fu));
      bytes += 2;
    } else if (lead < 0xF0) {
      *out++ = static_cast<Unit>((lead & 0x0F) << 12 | (bytes[1] & 0x3Fu) << 6 |
                                 (bytes[2] & 0x3Fu));
      bytes += 3;
    } else {
      *out++ = static_cast<Unit>((lead & 0x07) << 18 | (bytes[1] & 0x3Fu) << 12 |
                                 (bytes[2] & 0x3Fu) << 6 | (bytes[3] & 0x3Fu));
      bytes += 4;
    }
  }
}

/// The greatest character of those that start with bytes up to `lead`, as PyUnicode_New
/// tells them apart.
Py_UCS4 MaxCharacter(unsigned char lead) {
  if (lead < 0x80) {
    return 0x7F;
  }
  if (lead < 0xC4) {
    return 0xFF;
  }
  return lead < 0xF0 ? 0xFFFF : 0x10FFFF;
}

}  // namespace

PyObject* MakeUtf8String(std::string_view text) {
  const auto* const bytes = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = bytes + text.size();
  Shape shape;
  if (!FindShape(bytes, end, &shape)) {
    // For its exception, which says which byte is wrong.
    return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()),
                                nullptr);
  }
  PyObject* string = PyUnicode_New(shape.num_characters, MaxCharacter(shape.max_lead));
  if (string == nullptr || shape.num_characters == 0) {
    return string;
  }
  switch (PyUnicode_KIND(string)) {
    case PyUnicode_1BYTE_KIND:
      WriteCharacters(bytes, end, PyUnicode_1BYTE_DATA(string));
      break;
    case PyUnicode_2BYTE_KIND:
      WriteCharacters(bytes, end, PyUnicode_2BYTE_DATA(string));
      break;
    default:
      WriteCharacters(bytes, end, PyUnicode_4BYTE_DATA(string));
  }
  return string;
}

}  // namespace springald::python
