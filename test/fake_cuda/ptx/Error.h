// SPDX-License-Identifier: Apache-2.0
// What goes wrong in a PTX text or while a kernel runs: one exception type with a sentence.
#pragma once
#include <stdexcept>
#include <string>

namespace fake_cuda {

struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace fake_cuda
