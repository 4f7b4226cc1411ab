#pragma once

#include <arrow/array.h>
#include <arrow/status.h>

namespace springald {

/// Fails with Invalid where a column leads its readers astray: to bytes, children, runs
/// or entries of a dictionary that are not there, or to text that is not UTF-8.
///
/// That is `arrow::Array::ValidateFull`, but for the values of numbers: a time of more
/// than a day, or a decimal of too many digits, is what it is, and harms nobody's memory.
arrow::Status CheckInside(const arrow::Array& column);

}  // namespace springald
