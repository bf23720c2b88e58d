// SPDX-License-Identifier: Apache-2.0
/// \file
/// Failures whose messages are for the person at the program.
#ifndef DLC_DATA_FAILURE_H
#define DLC_DATA_FAILURE_H

#include <stdexcept>

namespace dlc::data {

/// What could not be done and why, as one sentence without "error: " and without a full stop.
struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

} // namespace dlc::data

#endif // DLC_DATA_FAILURE_H
