// SPDX-License-Identifier: Apache-2.0
/// \file
/// The tables of machines and of features as Markdown.
#ifndef DLC_TARGETS_MACHINETABLE_H
#define DLC_TARGETS_MACHINETABLE_H

#include <string>

namespace dlc {

/// One line per machine that kernels are compiled for.
std::string describeMachines();

/// One line per GPU that kernels are compiled for.
std::string describeDevices();

/// One line per CPU feature, with those that it requires.
std::string describeCpuFeatures();

} // namespace dlc

#endif // DLC_TARGETS_MACHINETABLE_H
